package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// profiles has a server profile itself, as those do that serve net/http/pprof, and
// asks for one more page.
func profiles(l *live, port string, end syscall.Signal, page string) error {
	ready := func() error { return l.get(port, page, 200) }
	return l.work(ready, func() error {
		var errs []error
		for _, what := range []string{"profile?seconds=1", "trace?seconds=1", "heap?debug=1", "allocs", "goroutine?debug=2", "threadcreate", "block", "mutex", "cmdline"} {
			errs = append(errs, l.get(port, "/debug/pprof/"+what, 200))
		}
		return errors.Join(append(errs, ready())...)
	}, end)
}

// profiled stores values while the server profiles itself.
func profiled(l *live) error {
	if err := l.retry(func() error { return l.request("POST", l.port, "/v3/kv/put", `{"key":"a2V5","value":"dmFsdWU="}`, 200) }); err != nil {
		return err
	}
	err := errors.Join(l.request("POST", l.port, "/v3/maintenance/snapshot", `{}`, 200), l.request("POST", l.port, "/v3/maintenance/status", `{}`, 200))
	return errors.Join(err, profiles(l, l.port, syscall.SIGTERM, "/health"))
}

// stopped has a server end that another process has become.
func stopped(l *live) error {
	if err := l.retry(func() error { return l.get(l.port, "/hello", 200) }); err != nil {
		return err
	}
	return l.request("POST", l.port2, "/stop", "", 200)
}

// logged asks for a page often enough for a log to be begun anew.
func logged(l *live) error {
	page := func() error { return l.get(l.port, "/", 200) }
	return l.work(page, func() error { return errors.Join(page(), l.sleep(1100*time.Millisecond), page()) }, syscall.SIGTERM)
}

// rewritten has a server read its configuration anew when the file changes.
func rewritten(file string, ready func(*live) error) func(*live) error {
	return func(l *live) error {
		if err := l.retry(func() error { return ready(l) }); err != nil {
			return err
		}
		path := filepath.Join(l.dir, file)
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, append(text, "# changed\n"...), 0o644)
		}
		return errors.Join(err, l.sleep(1500*time.Millisecond), ready(l), l.end(syscall.SIGTERM))
	}
}

// interrupted sends SIGINT once a file is there that the program, or what it has
// started, makes at its start.
func interrupted(file string) func(*live) error {
	return func(l *live) error {
		_, err := os.Stat(filepath.Join(l.dir, file))
		for ; err != nil; _, err = os.Stat(filepath.Join(l.dir, file)) {
			if err := l.sleep(10 * time.Millisecond); err != nil {
				return err
			}
		}
		return l.end(syscall.SIGINT)
	}
}

// relayed asks a DNS server for what others know: by UDP, by TCP, and of one that
// nobody can reach; and for a zone whose file changes.
func relayed(l *live) error {
	ready := func() error { return l.lookup("udp", "host.relay.example", "127.0.0.9") }
	if err := l.retry(ready); err != nil {
		return err
	}
	unreachable := l.lookup("udp", "host.nowhere.example", "127.0.0.9")
	if unreachable == nil {
		return errors.New("nobody has answered")
	}
	err := errors.Join(l.lookup("udp", "host.relay.example", "127.0.0.9"), l.lookup("tcp", "host.stream.example", "127.0.0.9"))
	return errors.Join(err, rewritten("Corefile.relay", func(*live) error { return ready() })(l))
}

// upgraded has a DNS server give its place to a new process, and ends that.
func upgraded(l *live) error {
	present := func() error { return l.lookup("udp", "www.corpus.example", "127.0.0.7") }
	if err := errors.Join(l.retry(present), l.signal(syscall.SIGUSR2), l.sleep(time.Second)); err != nil {
		return err
	}
	err := l.end(syscall.SIGTERM)
	if text, e := os.ReadFile(filepath.Join(l.dir, "pid")); e == nil {
		if pid, e := strconv.Atoi(strings.TrimSpace(string(text))); e == nil && pid != l.process.Pid {
			syscall.Kill(pid, syscall.SIGTERM) // it may have ended
		}
	}
	return err
}

// connected has a broker talk to another one, which is itself, to clients that come
// by WebSocket and by TLS, and profile itself.
func connected(l *live) error {
	ready := func() error { return l.converse(l.port, [2]string{"CONNECT {}\r\nPING\r\n", "PONG"}) }
	if err := errors.Join(l.retry(ready), l.websocket(l.port3)); err != nil {
		return err
	}
	return errors.Join(l.signal(syscall.SIGHUP), l.sleep(300*time.Millisecond), profiles(l, l.port2, syscall.SIGTERM, "/debug/pprof/"))
}

// websocket begins a conversation that is no HTTP any more.
func (l *live) websocket(port string) error {
	conn, err := l.dial(port)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	answer := make([]byte, len("HTTP/1.1 101"))
	if _, err = io.ReadFull(conn, answer); err == nil && string(answer) != "HTTP/1.1 101" {
		err = fmt.Errorf("%q is not status %d", answer, http.StatusSwitchingProtocols)
	}
	return err
}
