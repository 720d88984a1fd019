// Roundtrip serves HTTP on loopback and is its own client: requests that
// succeed, one that is not found, one that takes too long, one to a port that
// nobody listens on, and an orderly shutdown. With an argument it serves on
// that address until a signal tells it to end.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	run, address := client, "127.0.0.1:0"
	if len(os.Args) > 1 {
		run, address = wait, os.Args[1]
	}
	if err := serve(address, run); err != nil {
		fmt.Fprintln(os.Stderr, "roundtrip:", err)
		os.Exit(1)
	}
}

// serve serves HTTP while run runs, then shuts down.
func serve(address string, run func(base string) error) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { time.Sleep(20 * time.Millisecond) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, os.Args[0]) })
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	base := "http://" + listener.Addr().String()
	if err := run(base); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	if err := <-served; err != http.ErrServerClosed {
		return err
	}
	if _, err := http.Get(base); err == nil {
		return fmt.Errorf("the server still answers")
	}
	return nil
}

// wait waits for the signal to end.
func wait(base string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	fmt.Println(base)
	fmt.Println(<-signals)
	return nil
}

// client makes the requests.
func client(base string) error {
	for _, request := range []struct {
		path string
		size int64
	}{{"/echo", 1 << 20}, {"/slow", 10}, {"/file", 0}, {"/missing", 0}} {
		resp, err := http.Post(base+request.path, "text/plain", io.LimitReader(zeros{}, request.size))
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		fmt.Println(request.path, resp.StatusCode, n > 0)
	}
	impatient := http.Client{Timeout: time.Millisecond}
	if resp, err := impatient.Get(base + "/slow"); err == nil {
		resp.Body.Close()
		return fmt.Errorf("a request took no time")
	}
	http.DefaultClient.CloseIdleConnections()
	return nil
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0
	}
	return len(p), nil
}
