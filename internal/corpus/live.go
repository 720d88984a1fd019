package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// A live program is one that runs while it is made to work.
type live struct {
	ctx context.Context // ends with the program
	dir string
	// where it was told to listen, on the loopback interface
	port, port2, port3 string
	process            *os.Process
	mode               mode
}

func (l *live) sleep(d time.Duration) error {
	select {
	case <-l.ctx.Done():
		return l.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// signal sends a signal. That the program has ended is for others to notice.
func (l *live) signal(s syscall.Signal) error {
	err := l.process.Signal(s)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// end tells a server to end: by the signal, or as the mode has it, by a crash.
func (l *live) end(s syscall.Signal) error {
	if l.mode.crash {
		s = syscall.SIGQUIT
	}
	return l.signal(s)
}

// pause stops the program for a while.
func (l *live) pause(d time.Duration) error {
	if err := l.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d) // not cut short: it must go on
	return l.signal(syscall.SIGCONT)
}

// busy does the same work a few times, with pauses in between if the mode is so.
func (l *live) busy(work func() error) error {
	for range 3 {
		if err := work(); err != nil {
			return err
		}
		if l.mode.pause {
			if err := errors.Join(l.sleep(20*time.Millisecond), l.pause(20*time.Millisecond)); err != nil {
				return err
			}
		}
	}
	return nil
}

// retry repeats what fails while a server starts.
func (l *live) retry(work func() error) error {
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if err = work(); err == nil {
			return nil
		}
		if e := l.sleep(20 * time.Millisecond); e != nil {
			return e
		}
	}
	return fmt.Errorf("it does not answer: %w", err)
}

// client keeps no connection: the server sees each come and go.
var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// get asks for a page of a server of HTTP, and wants the status.
func (l *live) get(port, path string, status int) error {
	return l.request("GET", port, path, "", status)
}

func (l *live) request(method, port, path, body string, status int) error {
	req, err := http.NewRequestWithContext(l.ctx, method, "http://127.0.0.1:"+port+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != status {
		err = fmt.Errorf("%s %s: %s, not %d: %.200s", method, path, resp.Status, status, text)
	}
	return err
}

// dial connects to a port of the program, for a conversation that is not long.
func (l *live) dial(port string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(l.ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(20 * time.Second))
}

// converse sends lines over TCP, and waits after each for one that begins with
// what is expected.
func (l *live) converse(port string, lines ...[2]string) error {
	conn, err := l.dial(port)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, line := range lines {
		if _, err := io.WriteString(conn, line[0]); err != nil {
			return err
		}
		for {
			got, err := in.ReadString('\n')
			if err != nil {
				return fmt.Errorf("wait for %q: %w", line[1], err)
			}
			if strings.HasPrefix(got, line[1]) {
				break
			}
		}
	}
	return nil
}

// lookup asks a DNS server for a name, and wants the addresses; none stands
// for an answer that there is no such name.
func (l *live) lookup(network, name string, want ...string) error {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+l.port)
	}}
	got, err := resolver.LookupHost(l.ctx, name)
	var missing *net.DNSError
	if len(want) == 0 && errors.As(err, &missing) && missing.IsNotFound {
		return nil
	}
	if err == nil && strings.Join(got, " ") != strings.Join(want, " ") {
		err = fmt.Errorf("%s has the addresses %v, not %v", name, got, want)
	}
	return err
}
