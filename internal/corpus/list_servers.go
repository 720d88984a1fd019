package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Servers, built from modules at the versions of testdata/servers/go.mod.
var servers = []program{
	{
		pkg: "github.com/caddyserver/caddy/v2/cmd/caddy", set: "servers",
		ways: []way{
			{args: []string{"run", "--config", "Caddyfile"}, drive: browse(syscall.SIGTERM)},
			{args: []string{"run", "--config", "Caddyfile"}, drive: browse(syscall.SIGINT)},
			{args: []string{"start", "--config", "Caddyfile"}, drive: stopped},
			{args: []string{"run", "--config", "unix.caddy", "--adapter", "caddyfile", "--watch", "--pidfile", "{dir}/pid"}, drive: rewritten("unix.caddy", func(l *live) error { return l.get(l.port, "/", 200) })},
			{args: []string{"run", "--config", "acme.caddy", "--adapter", "caddyfile"}, drive: logged},
			{args: []string{"file-server", "--root", "site", "--listen", "127.0.0.1:{port}", "--browse", "--access-log"}, drive: pages},
			{args: []string{"adapt", "--config", "Caddyfile", "--validate"}},
			{args: []string{"fmt", "--overwrite", "Caddyfile"}},
			{args: []string{"fmt", "-"}, stdin: "a  {\n}\n"},
			{args: []string{"hash-password"}, stdin: "secret\n"},
			{args: []string{"hash-password"}, keys: []string{"secret\n", "secret\n"}},
			{args: []string{"reload", "--config", "Caddyfile", "--address", "127.0.0.1:1"}, exit: 1},
			{args: []string{"manpage", "--directory", "man"}},
			{args: []string{"storage", "export", "--config", "Caddyfile", "--output", "-"}, exit: 1},
			{args: []string{"environ", "--envfile", "/dev/null"}},
			{args: []string{"run", "--config", "broken.caddy"}, exit: 1},
			{args: []string{"list-modules"}},
		},
	},
	{
		name: "nats-server", pkg: "github.com/nats-io/nats-server/v2", set: "servers", ci: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGTERM)},
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGINT)},
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGUSR2)},
			{args: []string{"-c", "broken.conf"}, exit: 1},
			{args: []string{"-c", "connected.conf"}, drive: connected},
			{args: []string{"-t", "-c", "nats.conf"}},
			{args: []string{"--signal", "quit"}, env: stubs, exit: 1}, // pgrep itself would find those of other rows
			{args: []string{"--signal", "quit=99999"}, exit: 1},
			{args: []string{"--help"}},
		},
	},
	{
		name: "coredns", pkg: "./dns", set: "servers", module: "github.com/coredns/coredns", ci: true,
		ways: []way{
			{args: []string{"-conf", "Corefile"}, drive: resolve(syscall.SIGTERM)},
			{args: []string{"-conf", "Corefile"}, drive: resolve(syscall.SIGINT)},
			{args: []string{"-conf", "Corefile.broken"}, exit: 1},
			{args: []string{"-conf", "Corefile.relay"}, drive: relayed},
			{args: []string{"-conf", "Corefile", "-pidfile", "{dir}/pid"}, drive: upgraded},
			{args: []string{"-conf", "Corefile", "-pidfile", "{dir}/pid"}, drive: resolve(syscall.SIGINT)},
			{args: []string{"-conf", "stdin"}, stdin: ".:{port} {\n nosuchplugin\n}\n", exit: 1},
			{args: []string{"-plugins"}},
		},
	},
	{
		name: "etcd", pkg: "go.etcd.io/etcd/server/v3", set: "servers",
		ways: []way{
			{args: etcd, exit: 128 + 15, drive: put(syscall.SIGTERM)},
			{args: etcd, exit: 128 + 2, drive: put(syscall.SIGINT)},
			{args: append(etcd, "--enable-pprof", "--memory-mlock", "--log-outputs", "{dir}/log", "--listen-metrics-urls", "http://127.0.0.1:{port3}"), exit: 128 + 15, drive: profiled},
			{args: []string{"--listen-client-urls", "no address"}, exit: 2},
			{args: []string{"--config-file", "missing"}, exit: 1},
			{args: []string{"--version"}},
		},
	},
	{
		pkg: "github.com/prometheus/node_exporter", set: "servers",
		ways: []way{
			{args: []string{"--web.listen-address=127.0.0.1:{port}"}, exit: 128 + 15, drive: scrape(syscall.SIGTERM)},
			{args: exporter, exit: 128 + 15, drive: func(l *live) error { return profiles(l, l.port, syscall.SIGTERM, "/metrics") }},
			{args: []string{"--web.listen-address=no address"}, exit: 1},
			{args: []string{"--web.systemd-socket"}, exit: 1},
			{args: []string{"--web.config.file=missing", "--web.listen-address=127.0.0.1:{port}"}, exit: 1},
		},
	},
}

var etcd = []string{
	"--data-dir", "{dir}/etcd", "--listen-client-urls", "http://127.0.0.1:{port}", "--advertise-client-urls", "http://127.0.0.1:{port}",
	"--listen-peer-urls", "http://127.0.0.1:{port2}", "--initial-advertise-peer-urls", "http://127.0.0.1:{port2}",
	"--initial-cluster", "default=http://127.0.0.1:{port2}",
}

// exporter has every measurement that the program can make.
var exporter = []string{
	"--web.listen-address=127.0.0.1:{port}", "--collector.buddyinfo", "--collector.cgroups", "--collector.drbd", "--collector.drm",
	"--collector.ethtool", "--collector.interrupts", "--collector.ksmd", "--collector.lnstat", "--collector.logind",
	"--collector.meminfo_numa", "--collector.mountstats", "--collector.network_route", "--collector.ntp",
	"--collector.ntp.server=127.0.0.1", "--collector.perf", "--collector.processes", "--collector.qdisc", "--collector.runit",
	"--collector.slabinfo", "--collector.softirqs", "--collector.supervisord", "--collector.sysctl", "--collector.sysctl.include=vm.user_reserve_kbytes",
	"--collector.systemd", "--collector.tcpstat", "--collector.textfile.directory=site", "--collector.wifi", "--collector.xfrm", "--collector.zoneinfo",
}

// work waits until a server is ready, has it work, and ends it.
func (l *live) work(ready, work func() error, end syscall.Signal) error {
	if err := l.retry(ready); err != nil {
		return err
	}
	if err := l.busy(work); err != nil {
		return err
	}
	return l.end(end)
}

// browse asks an HTTP server for pages, and for a new configuration.
func browse(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		// The server may answer and close the connection before it has read that.
		long := func() error {
			return l.retry(func() error { return l.request("POST", l.port, "/self/hello", strings.Repeat("a", 1<<20), 200) })
		}
		return l.work(func() error { return l.get(l.port, "/hello", 200) }, func() error {
			return errors.Join(
				l.get(l.port, "/", 200), l.get(l.port, "/page.html", 200), l.get(l.port, "/missing", 404), l.get(l.port, "/proxied/x", 502),
				l.get(l.port2, "/config/", 200), l.request("POST", l.port2, "/load", "{", 400),
				l.request("PATCH", l.port2, "/config/apps/http/grace_period", `"1s"`, 404),
				long(), l.get(l.port, "/self/program", 200), l.get(l.port, "/program", 200),
				l.get(l.port2, "/debug/pprof/heap?debug=1", 200), l.get(l.port2, "/debug/pprof/profile?seconds=1", 200),
			)
		}, end)
	}
}

// publish sends messages through a broker, some of which it stores.
func publish(end syscall.Signal) func(*live) error {
	const stream = `{"name":"S","subjects":["stored"],"retention":"limits","storage":"file","num_replicas":1}`
	return func(l *live) error {
		ready := func() error { return l.converse(l.port, [2]string{"CONNECT {}\r\nPING\r\n", "PONG"}) }
		work := func() error {
			err := errors.Join(
				l.converse(l.port,
					[2]string{"CONNECT {}\r\nSUB here 1\r\nPUB here 5\r\nhello\r\nPING\r\n", "MSG here"},
					[2]string{"SUB reply 2\r\n" + message("$JS.API.STREAM.CREATE.S reply", stream), "MSG reply"},
					[2]string{message("stored reply", "kept"), "MSG reply"},
					[2]string{"NONSENSE\r\n", "-ERR"}),
				l.get(l.port2, "/varz", 200), l.get(l.port2, "/missing", 404),
			)
			return errors.Join(err, l.signal(syscall.SIGHUP), l.signal(syscall.SIGUSR1), l.sleep(50*time.Millisecond))
		}
		if err := errors.Join(l.retry(ready), l.busy(work)); err != nil {
			return err
		}
		// What comes while it handles two other signals is lost.
		for l.sleep(time.Second) == nil {
			if err := l.end(end); err != nil {
				return err
			}
		}
		return nil
	}
}

// resolve asks a DNS server for names that are and are not there, before and
// after it has read its files anew.
func resolve(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		present := func() error { return l.lookup("udp", "www.corpus.example", "127.0.0.7") }
		work := func() error {
			return errors.Join(
				l.lookup("udp", "host.example", "127.0.0.9"), l.lookup("udp", "missing.corpus.example"),
				l.lookup("tcp", "www.corpus.example", "127.0.0.7"), l.get(l.port2, "/health", 200),
			)
		}
		// A signal to end while it reads would leave it running.
		if err := errors.Join(l.retry(present), work(), l.signal(syscall.SIGUSR1), l.sleep(time.Second)); err != nil {
			return err
		}
		return l.work(func() error { return l.get(l.port2, "/health", 200) }, work, end)
	}
}

// put stores values under keys, reads them, and waits for nothing.
func put(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		ready := func() error { return l.request("POST", l.port, "/v3/kv/put", `{"key":"a2V5","value":"dmFsdWU="}`, 200) }
		return l.work(ready, func() error {
			return errors.Join(
				ready(), l.request("POST", l.port, "/v3/kv/range", `{"key":"a2V5"}`, 200),
				l.request("POST", l.port, "/v3/lease/grant", `{"TTL":1}`, 200), l.request("POST", l.port, "/v3/kv/range", `{`, 400),
				l.request("POST", l.port, "/v3/maintenance/defragment", `{}`, 200),
				l.get(l.port, "/health", 200), l.get(l.port, "/metrics", 200),
			)
		}, end)
	}
}

// scrape reads what an exporter of metrics measures.
func scrape(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		metrics := func() error { return l.get(l.port, "/metrics", 200) }
		return l.work(metrics, func() error { return errors.Join(metrics(), l.get(l.port, "/missing", 404)) }, end)
	}
}

// pages asks a server for the pages of site.
func pages(l *live) error {
	return l.work(func() error { return l.get(l.port, "/", 200) }, func() error { return l.get(l.port, "/missing", 404) }, syscall.SIGTERM)
}

// message is one of NATS's protocol.
func message(to, text string) string { return fmt.Sprintf("PUB %s %d\r\n%s\r\n", to, len(text), text) }
