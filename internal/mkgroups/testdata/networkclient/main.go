// TCP and UDP to a server, by address and by name, over IPv4 and IPv6, with
// HTTP on top. The arguments are the addresses of a TCP echo server, a UDP echo
// server and an HTTP server.
package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	addrs := os.Args[1:]
	lockdown.Enforce()
	tcp(addrs[0])
	udp(addrs[1])
	resp, err := http.Get("http://" + addrs[2])
	check(err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(err)
	check(resp.Body.Close())
	names()
	if _, err := net.DialTimeout("tcp", "[::1]:1", time.Second); err == nil {
		panic("port 1 is served")
	}
}

func tcp(addr string) {
	c, err := net.Dial("tcp", addr)
	check(err)
	defer c.Close()
	conn := c.(*net.TCPConn)
	check(conn.SetDeadline(time.Now().Add(time.Minute)))
	check(conn.SetNoDelay(false))
	check(conn.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Minute}))
	check(conn.SetLinger(0))
	check(conn.SetReadBuffer(1 << 16))
	buffers := net.Buffers{[]byte("te"), []byte("xt")}
	_, err = buffers.WriteTo(conn)
	check(err)
	r, w, err := os.Pipe()
	check(err)
	_, err = io.CopyN(conn, os.Stdin, 1) // splice from a pipe, or sendfile
	if err != nil && err != io.EOF {
		panic(err)
	}
	check(r.Close())
	check(w.Close())
	_, err = conn.Read(make([]byte, 4))
	check(err)
	check(conn.CloseWrite())
	conn.CloseRead() // fails if the server has closed already
	f, err := conn.File()
	check(err)
	check(f.Close())
}

func udp(addr string) {
	c, err := net.Dial("udp", addr)
	check(err)
	defer c.Close()
	conn := c.(*net.UDPConn)
	check(conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = conn.Write([]byte("text"))
	check(err)
	_, _, err = conn.ReadFromUDPAddrPort(make([]byte, 4))
	check(err)
	_, _, err = conn.WriteMsgUDP([]byte("text"), nil, nil)
	check(err)
	_, _, _, _, err = conn.ReadMsgUDP(make([]byte, 4), nil)
	check(err)
}

func names() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	check(err)
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", "127.0.0.1:1")
	}}
	if _, err := resolver.LookupTXT(ctx, "example.com."); err == nil {
		panic("port 1 is served")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
