// Server answers requests over HTTP, each with a few hundred bytes from memory,
// until one asks it to end.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
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
	http.HandleFunc("GET /end", func(http.ResponseWriter, *http.Request) { os.Exit(0) })
	server := http.Server{ReadHeaderTimeout: time.Minute}
	panic(server.Serve(listener))
}
