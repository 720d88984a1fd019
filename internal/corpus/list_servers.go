package main

import (
	"errors"
	"fmt"
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
			{args: []string{"run", "--config", "broken.caddy"}, exit: 1},
			{args: []string{"list-modules"}},
		},
	},
	{
		name: "nats-server", pkg: "github.com/nats-io/nats-server/v2", set: "servers", ci: true,
		ways: []way{
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGTERM)},
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGINT)},
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGUSR2)},
			{args: []string{"-c", "broken.conf"}, exit: 1},
		},
	},
	{
		name: "coredns", pkg: "./dns", set: "servers", module: "github.com/coredns/coredns", ci: true,
		ways: []way{
			{args: []string{"-conf", "Corefile"}, drive: resolve(syscall.SIGTERM)},
			{args: []string{"-conf", "Corefile"}, drive: resolve(syscall.SIGINT)},
			{args: []string{"-conf", "Corefile.broken"}, exit: 1},
			{args: []string{"-plugins"}},
		},
	},
	{
		name: "etcd", pkg: "go.etcd.io/etcd/server/v3", set: "servers",
		ways: []way{
			{args: etcd, exit: 128 + 15, drive: put(syscall.SIGTERM)},
			{args: etcd, exit: 128 + 2, drive: put(syscall.SIGINT)},
			{args: []string{"--listen-client-urls", "no address"}, exit: 2},
		},
	},
	{
		pkg: "github.com/prometheus/node_exporter", set: "servers",
		ways: []way{
			{args: []string{"--web.listen-address=127.0.0.1:{port}"}, exit: 128 + 15, drive: scrape(syscall.SIGTERM)},
			{args: []string{"--web.listen-address=no address"}, exit: 1},
		},
	},
}

var etcd = []string{
	"--data-dir", "{dir}/etcd", "--listen-client-urls", "http://127.0.0.1:{port}", "--advertise-client-urls", "http://127.0.0.1:{port}",
	"--listen-peer-urls", "http://127.0.0.1:{port2}", "--initial-advertise-peer-urls", "http://127.0.0.1:{port2}",
	"--initial-cluster", "default=http://127.0.0.1:{port2}",
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
		return l.work(func() error { return l.get(l.port, "/hello", 200) }, func() error {
			return errors.Join(
				l.get(l.port, "/", 200), l.get(l.port, "/page.html", 200), l.get(l.port, "/missing", 404), l.get(l.port, "/proxied/x", 502),
				l.get(l.port2, "/config/", 200), l.request("POST", l.port2, "/load", "{", 400),
				l.request("PATCH", l.port2, "/config/apps/http/grace_period", `"1s"`, 404),
			)
		}, end)
	}
}

// publish sends messages through a broker, some of which it stores.
func publish(end syscall.Signal) func(*live) error {
	const stream = `{"name":"S","subjects":["stored"],"retention":"limits","storage":"file","num_replicas":1}`
	return func(l *live) error {
		ready := func() error { return l.converse(l.port, [2]string{"CONNECT {}\r\nPING\r\n", "PONG"}) }
		return l.work(ready, func() error {
			err := errors.Join(
				l.converse(l.port,
					[2]string{"CONNECT {}\r\nSUB here 1\r\nPUB here 5\r\nhello\r\nPING\r\n", "MSG here"},
					[2]string{"SUB reply 2\r\n" + message("$JS.API.STREAM.CREATE.S reply", stream), "MSG reply"},
					[2]string{message("stored reply", "kept"), "MSG reply"},
					[2]string{"NONSENSE\r\n", "-ERR"}),
				l.get(l.port2, "/varz", 200), l.get(l.port2, "/missing", 404),
			)
			return errors.Join(err, l.signal(syscall.SIGHUP), l.signal(syscall.SIGUSR1), l.sleep(50*time.Millisecond))
		}, end)
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
