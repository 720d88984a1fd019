package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// ready is what the server prints when it listens: its process, and its address.
const ready = "ready %d %s"

// files are what the server has to serve, by name, with their sizes in bytes.
var files = map[string]int{"small.html": 2 << 10, "medium.js": 48 << 10, "large.jpg": 1 << 20}

func writeFiles(dir string) error {
	for name, size := range files {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// serve is a small web server of the usual kind, until SIGTERM: answers made from
// memory, files, and a log.
func serve(dir string) error {
	logger := log.New(os.Stdout, "", log.LstdFlags)
	mux := http.NewServeMux()
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"time": time.Now(), "path": r.URL.Path, "numbers": make([]int, 200)})
	})
	logged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		if r.URL.Path != "/status" {
			logger.Print(r.RemoteAddr, " ", r.Method, " ", r.URL.Path)
		}
	})

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: logged, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		done <- server.Shutdown(context.Background())
	}()
	fmt.Printf(ready+"\n", os.Getpid(), listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return <-done
}
