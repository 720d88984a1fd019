// Server answers requests over HTTP, each with a few hundred bytes from memory,
// and says how long it has kept processors busy, until a request asks it to end.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("ready", listener.Addr())
	text := strings.Repeat("answer ", 50)
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(text))
	})
	http.HandleFunc("GET /processor", func(w http.ResponseWriter, _ *http.Request) {
		var used syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
		fmt.Fprintln(w, used.Utime.Nano()+used.Stime.Nano())
	})
	http.HandleFunc("GET /end", func(http.ResponseWriter, *http.Request) { os.Exit(0) })
	server := http.Server{ReadHeaderTimeout: time.Minute}
	panic(server.Serve(listener))
}
