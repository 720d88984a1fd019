// Unix sockets of all kinds, served and used, with descriptors and credentials
// that are passed.
package main

import (
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	stream("unix", "stream")
	stream("unixpacket", "packet")
	datagram()
	pair()
}

func stream(network, path string) {
	l, err := net.Listen(network, path)
	check(err)
	defer l.Close()
	client, err := net.Dial(network, path)
	check(err)
	defer client.Close()
	server, err := l.Accept()
	check(err)
	defer server.Close()
	pass(client.(*net.UnixConn), server.(*net.UnixConn))
	raw, err := server.(*net.UnixConn).SyscallConn()
	check(err)
	check(raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		check(err)
	}))
	buffers := net.Buffers{[]byte("te"), []byte("xt")}
	_, err = buffers.WriteTo(client)
	check(err)
	check(client.(*net.UnixConn).CloseWrite())
}

func pass(from, to *net.UnixConn) {
	_, _, err := from.WriteMsgUnix([]byte("x"), unix.UnixRights(int(os.Stdin.Fd())), nil)
	check(err)
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := to.ReadMsgUnix(make([]byte, 1), rights)
	check(err)
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	check(err)
	fds, err := unix.ParseUnixRights(&messages[0])
	check(err)
	check(unix.Close(fds[0]))
}

func datagram() {
	server, err := net.ListenPacket("unixgram", "gram")
	check(err)
	defer server.Close()
	client, err := net.Dial("unixgram", "gram")
	check(err)
	defer client.Close()
	_, err = client.Write([]byte("text"))
	check(err)
	_, _, err = server.ReadFrom(make([]byte, 4))
	check(err)
}

func pair() {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	check(err)
	f := os.NewFile(uintptr(fds[0]), "pair")
	conn, err := net.FileConn(f)
	check(err)
	check(conn.Close())
	check(f.Close())
	check(unix.Close(fds[1]))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
