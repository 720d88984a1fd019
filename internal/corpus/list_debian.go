package main

import (
	"errors"
	"syscall"
)

// Debian's Go programs: pkg is the program in the package that module names.
var debianPackages = []program{
	{
		pkg: "usr/bin/restic", module: "restic",
		ways: []way{
			{env: backups, args: []string{"init"}},
			{env: backups, before: [][]string{{"init"}}, args: []string{"init"}, exit: 1},
			{env: backups, before: [][]string{{"init"}}, args: []string{"backup", "good", "data.json"}},
			{env: backups, before: backedUp, args: []string{"restore", "latest", "--target", "{dir}/restored", "--verify"}},
			{env: backups, before: backedUp, args: []string{"check", "--read-data"}},
			{env: backups, before: backedUp, args: []string{"forget", "--keep-last=1", "--prune"}},
			{env: backups, before: backedUp, args: []string{"dump", "latest", "{dir}/data.json"}},
			{env: backups, args: []string{"snapshots"}, exit: 1},
			{env: append(byC, backups...), args: []string{"-r", "s3:http://missing.corpus.example:1/bucket", "cat", "config"}, exit: 1},
			{env: append(byGo, backups...), args: []string{"-r", "s3:http://missing.corpus.example:1/bucket", "cat", "config"}, exit: 1},
			{env: backups, args: []string{"-r", "sftp:nobody@www.corpus.example:/backup", "init"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/rclone", module: "rclone", refused: true, // it loads plugins
		ways: []way{
			{args: []string{"copy", "good", "{dir}/copied"}},
			{args: []string{"sync", "--checksum", "--progress", "good", "{dir}/copied"}},
			{args: []string{"hashsum", "md5", "good"}},
			{args: []string{"lsjson", "-R", "."}},
			{args: []string{"ls", "missing"}, exit: 3},
			{args: []string{"serve", "http", "--addr", "127.0.0.1:{port}", "site"}, exit: 128 + 15, drive: pages},
			{env: byC, args: once("lsf", ":http,url='http://www.corpus.example:1/':"), exit: 5},
			{env: byGo, args: once("lsf", ":http,url='http://missing.corpus.example:1/':"), exit: 1},
			{env: byC, args: once("lsf", ":sftp,host=www.corpus.example,port=1,user=nobody:"), exit: 1},
		},
	},
	{
		pkg: "usr/bin/caddy", module: "caddy",
		ways: []way{
			{env: byC, args: []string{"run", "--adapter", "caddyfile", "--config", "Caddyfile.2022"}, drive: ask(syscall.SIGTERM)},
			{env: byGo, args: []string{"run", "--adapter", "caddyfile", "--config", "Caddyfile.2022"}, drive: ask(syscall.SIGINT)},
			{args: []string{"run", "--adapter", "caddyfile", "--config", "broken.caddy"}, exit: 1},
			{args: []string{"list-modules"}},
		},
	},
	{
		pkg: "usr/bin/prometheus-node-exporter", module: "prometheus-node-exporter",
		ways: []way{
			{args: []string{"--web.listen-address=127.0.0.1:{port}"}, exit: 128 + 15, drive: measure(syscall.SIGTERM)},
			{args: []string{"--web.listen-address=no address"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/prometheus-blackbox-exporter", module: "prometheus-blackbox-exporter", ci: true,
		ways: []way{
			{env: byC, args: blackbox, drive: probe(syscall.SIGTERM)},
			{env: byGo, args: blackbox, drive: probe(syscall.SIGINT)},
			{args: []string{"--config.file={dir}/missing.yml"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/age", module: "age", ci: true,
		ways: []way{
			{args: []string{"-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", "sealed", "data.json"}},
			{args: []string{"-r", "nobody", "data.json"}, exit: 1},
			{args: []string{"-d", "-i", "missing", "data.json"}, exit: 1},
			{args: []string{"-p", "data.json"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/fzf", module: "fzf", ci: true,
		ways: []way{
			{args: []string{"--filter", "ba"}, stdin: "foo\nbar\nbaz\n"},
			{args: []string{"--filter", "nothing"}, stdin: "foo\nbar\n", exit: 1},
			{args: []string{"--no-such-flag"}, exit: 2},
		},
	},
	{
		pkg: "usr/bin/docker-registry", module: "docker-registry",
		ways: []way{
			{args: []string{"serve", "registry.yml"}, drive: push(syscall.SIGTERM), exit: 128 + 15},
			{args: []string{"garbage-collect", "registry.yml"}, exit: 1},
			{args: []string{"serve", "missing.yml"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/etcd", module: "etcd-server",
		ways: []way{
			{args: etcd, exit: 128 + 15, drive: put(syscall.SIGTERM)},
			{args: etcd, exit: 128 + 2, drive: put(syscall.SIGINT)},
			{args: []string{"--listen-client-urls", "no address"}, exit: 2},
		},
	},
	{
		pkg: "usr/bin/gron", module: "gron", ci: true,
		ways: []way{
			{args: []string{"data.json"}},
			{args: []string{"--ungron"}, stdin: "json = {};\njson.a = 1;\n"},
			{env: byC, args: []string{"http://www.corpus.example:1/data.json"}, exit: 4},
			{env: byGo, args: []string{"http://www.corpus.example:1/data.json"}, exit: 4},
			{args: []string{"broken.json"}, exit: 3},
		},
	},
	{
		pkg: "usr/bin/webhook", module: "webhook",
		ways: []way{
			{args: []string{"-hooks", "hooks.json", "-hotreload", "-ip", "127.0.0.1", "-port", "{port}"}, drive: hook(syscall.SIGTERM)},
			{env: byC, args: []string{"-hooks", "hooks.json", "-verbose", "-ip", "missing.corpus.example", "-port", "{port}"}, exit: 1},
			{args: []string{"-hooks", "missing.json", "-ip", "no address"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/mtail", module: "mtail",
		ways: []way{
			{args: []string{"--progs", "lines.mtail", "--logs", "table.csv", "--one_shot"}},
			{args: []string{"--progs", "lines.mtail", "--logs", "table.csv", "--address", "127.0.0.1", "--port", "{port}"}, drive: measure(syscall.SIGTERM)},
			{args: []string{"--progs", "broken.mtail", "--compile_only"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/hugo", module: "hugo", loads: []string{}, // no plugin of libsass
		ways: []way{
			{args: []string{"--source", "hugo", "--destination", "{dir}/built"}},
			{args: []string{"server", "--source", "hugo", "--bind", "127.0.0.1", "--port", "{port}"}, drive: pages},
			{args: []string{"--source", "hugo/broken"}, exit: 255},
			{args: []string{"new", "site", "{dir}/new"}},
		},
	},
	{
		pkg: "usr/sbin/nats-server", module: "nats-server",
		ways: []way{
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGTERM), exit: 1},
			{args: []string{"-c", "nats.conf"}, drive: publish(syscall.SIGINT)},
			{args: []string{"-c", "broken.conf"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/syncthing", module: "syncthing",
		ways: []way{
			{args: []string{"generate", "--home", "{dir}/sync"}},
			{env: byC, args: syncthing, drive: share(syscall.SIGTERM)},
			{env: byGo, args: syncthing, drive: share(syscall.SIGINT)},
			{args: []string{"--no-such-flag"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/smtp-check", module: "chasquid",
		ways: []way{
			{env: byC, args: []string{"-port", "{port}", "www.corpus.example"}, exit: 1},
			{env: byGo, args: []string{"-port", "{port}", "www.corpus.example"}, exit: 1},
			{env: byC, args: []string{"missing.corpus.example"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/elvish", module: "elvish", refused: true, // likewise
		ways: []way{
			{args: []string{"-norc", "script.elv"}},
			{args: []string{"-norc", "-c", "echo ~no-such-user"}, exit: 2},
			{args: []string{"-norc"}, stdin: "echo hello | cat\nfail no\n"},
			{args: []string{"-norc", "missing.elv"}, exit: 2},
		},
	},
	{
		pkg: "usr/bin/direnv", module: "direnv", needs: []string{"clone", "dup2", "fcntl", "getegid", "geteuid", "getgid", "getpgrp", "getppid", "getuid", "ioctl", "mmap", "mprotect", "openat", "pipe2", "wait4"},
		ways: []way{
			{args: []string{"allow", "direnv"}},
			{before: [][]string{{"allow", "direnv"}}, args: []string{"exec", "direnv", "/bin/true"}},
			{before: [][]string{{"allow", "direnv/broken"}}, args: []string{"exec", "direnv/broken", "/bin/true"}, exit: 1},
			{args: []string{"status"}},
			{args: []string{"exec", "missing", "/bin/true"}, exit: 1},
		},
	},
	{
		pkg: "usr/bin/lego", module: "lego",
		ways: []way{
			{env: byC, args: lego("www"), exit: 1},
			{env: byGo, args: lego("missing"), exit: 1},
			{args: []string{"dnshelp"}},
		},
	},
	{
		pkg: "usr/bin/cscli", module: "crowdsec", loads: []string{}, // no extension of SQLite
		ways: []way{
			{args: []string{"completion", "bash"}},
			{args: []string{"-c", "missing.yaml", "hub", "list"}, exit: 1},
		},
	},
}

var (
	backups   = []string{"RESTIC_PASSWORD=secret", "RESTIC_REPOSITORY={dir}/backups"}
	backedUp  = [][]string{{"init"}, {"backup", "good", "{dir}/data.json"}}
	blackbox  = []string{"--config.file={dir}/blackbox.yml", "--web.listen-address=127.0.0.1:{port}"}
	syncthing = []string{"serve", "--home", "{dir}/sync", "--no-browser", "--no-upgrade", "--gui-address=127.0.0.1:{port}"}
)

// once are the arguments with which rclone tries once.
func once(args ...string) []string {
	return append(args, "--retries=1", "--low-level-retries=1", "--contimeout=2s", "--config", "{dir}/rclone.conf")
}

// lego asks a certificate of who does not answer.
func lego(server string) []string {
	return []string{
		"--path", "{dir}/lego", "--server", "http://" + server + ".corpus.example:1/directory",
		"--accept-tos", "--email", "corpus@corpus.example", "--domains", "corpus.example", "--http", "--http.port", "127.0.0.1:{port}", "run",
	}
}

// ask has Caddy serve pages, and one of another server whose name it resolves.
func ask(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		return l.work(func() error { return l.get(l.port, "/hello", 200) }, func() error {
			return errors.Join(
				l.get(l.port, "/", 200), l.get(l.port, "/page.html", 200), l.get(l.port, "/missing", 404), l.get(l.port, "/proxied/x", 502),
				l.get(l.port2, "/config/", 200), l.request("POST", l.port2, "/load", "{", 400),
			)
		}, end)
	}
}

// probe has an exporter ask others.
func probe(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		return l.work(func() error { return l.get(l.port, "/metrics", 200) }, func() error {
			var errs []error
			for _, query := range []string{
				"module=http&target=http://www.corpus.example:" + l.port, "module=tcp&target=large.corpus.example:1", "module=icmp&target=www.corpus.example",
				"module=dns&target=127.0.0.1", "module=http&target=http://missing.corpus.example/",
			} {
				errs = append(errs, l.get(l.port, "/probe?"+query, 200))
			}
			return errors.Join(append(errs, l.get(l.port, "/probe?module=none&target=x", 400), l.request("POST", l.port, "/-/reload", "", 200))...)
		}, end)
	}
}

// measure reads what an exporter measures.
func measure(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		metrics := func() error { return l.get(l.port, "/metrics", 200) }
		return l.work(metrics, metrics, end)
	}
}

// push stores a blob in a registry.
func push(end syscall.Signal) func(*live) error {
	const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	return func(l *live) error {
		return l.work(func() error { return l.get(l.port, "/v2/", 200) }, func() error {
			return errors.Join(
				l.request("POST", l.port, "/v2/corpus/blobs/uploads/?digest="+empty, "", 202), l.get(l.port, "/v2/_catalog", 200),
				l.get(l.port, "/v2/corpus/blobs/"+empty, 404), l.get(l.port, "/v2/corpus/manifests/none", 404), l.get(l.port2, "/debug/health", 200),
			)
		}, end)
	}
}

// hook has a server start programs.
func hook(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		echo := func() error { return l.get(l.port, "/hooks/echo?text=x", 200) }
		return l.work(echo, func() error {
			return errors.Join(echo(), l.get(l.port, "/hooks/missing", 200), l.get(l.port, "/hooks/none", 404))
		}, end)
	}
}

// share asks a server of Syncthing's for its state.
func share(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		return l.work(func() error { return l.get(l.port, "/", 200) }, func() error { return l.get(l.port, "/rest/system/status", 403) }, end)
	}
}
