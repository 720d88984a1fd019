// TCP, UDP and HTTP served. It prints each of its addresses once it
// listens there.
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
	lockdown.Enforce()
	tcp()
	udp()
	web()
}

// tcp prints its address, and echoes what the first client says.
func tcp() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer l.Close()
	tell(l.Addr())
	conn, err := l.Accept()
	check(err)
	defer conn.Close()
	check(conn.SetDeadline(time.Now().Add(time.Minute)))
	check(conn.(*net.TCPConn).SetKeepAlivePeriod(time.Minute))
	_, err = io.Copy(conn, conn)
	check(err)
	f, err := os.Open("file")
	check(err)
	defer f.Close()
	_, err = io.Copy(conn, f)
	check(err)
	buffers := net.Buffers{[]byte("te"), []byte("xt")}
	_, err = buffers.WriteTo(conn)
	check(err)
	again, err := conn.(*net.TCPConn).File()
	check(err)
	check(again.Close())
	check(conn.(*net.TCPConn).CloseWrite())
}

func udp() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	defer conn.Close()
	tell(conn.LocalAddr())
	b := make([]byte, 100)
	n, from, err := conn.ReadFrom(b)
	check(err)
	_, err = conn.WriteTo(b[:n], from)
	check(err)
	n, _, _, addr, err := conn.(*net.UDPConn).ReadMsgUDP(b, nil)
	check(err)
	_, _, err = conn.(*net.UDPConn).WriteMsgUDP(b[:n], nil, addr)
	check(err)
	group := net.UDPAddr{IP: net.IPv4(224, 0, 0, 251)}
	if multicast, err := net.ListenMulticastUDP("udp4", nil, &group); err == nil {
		check(multicast.Close())
	}
}

func web() {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	check(err)
	tell(l.Addr())
	done := make(chan bool)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			close(done)
			return
		}
		http.ServeFile(w, r, "file")
	})}
	go server.Serve(l)
	<-done
	check(server.Shutdown(context.Background()))
}

func tell(addr net.Addr) {
	_, err := os.Stdout.WriteString(addr.String() + "\n")
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
