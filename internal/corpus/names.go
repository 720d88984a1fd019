package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// nameService has the programs resolve names as testdata/etc says, whatever the
// machine's own files say, and answers their questions, on the loopback interface.
// The namespaces that it is for end it.
func nameService() error {
	for _, name := range []string{"resolv.conf", "nsswitch.conf", "hosts"} {
		from, to := filepath.Join(testdata, "etc", name), filepath.Join("/etc", name)
		if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("have programs see %s as %s: %w", from, to, err)
		}
	}
	packets, err := net.ListenPacket("udp", "127.0.0.1:53")
	if err != nil {
		return fmt.Errorf("serve DNS: %w", err)
	}
	streams, err := net.Listen("tcp", "127.0.0.1:53")
	if err != nil {
		return fmt.Errorf("serve DNS: %w", errors.Join(err, packets.Close()))
	}
	go answerPackets(packets)
	go answerStreams(streams)
	return nil
}

// answerPackets answers until the connection is closed. What does not fit into a
// packet is cut, and asked for again by TCP.
func answerPackets(conn net.PacketConn) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := answer(buf[:n], 512); reply != nil {
			conn.WriteTo(reply, from) // who does not get it asks again
		}
	}
}

func answerStreams(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(conn, size[:]); err != nil {
					return
				}
				question := make([]byte, int(size[0])<<8|int(size[1]))
				if _, err := io.ReadFull(conn, question); err != nil {
					return
				}
				reply := answer(question, 1<<16-1)
				if _, err := conn.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
					return
				}
			}
		}()
	}
}

// answer returns the reply to a question in at most so many bytes, or nil for a
// name that gets none.
func answer(question []byte, most int) []byte {
	var asked dnsmessage.Message
	if asked.Unpack(question) != nil || len(asked.Questions) != 1 {
		return nil
	}
	q := asked.Questions[0]
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: asked.ID, Response: true, RecursionDesired: true, RecursionAvailable: true},
		Questions: asked.Questions,
	}
	switch name := strings.ToLower(q.Name.String()); {
	case strings.HasPrefix(name, "silent."):
		return nil
	case strings.HasPrefix(name, "failing."):
		reply.RCode = dnsmessage.RCodeServerFailure
	default:
		bodies, known := zone(name, q.Type)
		if !known {
			reply.RCode = dnsmessage.RCodeNameError
		}
		owner := q.Name
		for _, body := range bodies {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: 60}, Body: body})
			if alias, ok := body.(*dnsmessage.CNAMEResource); ok {
				owner = alias.CNAME // whose the rest is
			}
		}
	}
	packed, err := reply.Pack()
	if err == nil && len(packed) > most {
		reply.Answers, reply.Truncated = nil, true
		packed, err = reply.Pack()
	}
	if err != nil {
		return nil
	}
	return packed
}

// zone returns what there is of a name, and whether it is there at all.
func zone(name string, kind dnsmessage.Type) (bodies []dnsmessage.ResourceBody, known bool) {
	www := dnsmessage.MustNewName("www.corpus.example.")
	addresses := 1
	switch name {
	case "www.corpus.example.":
	case "large.corpus.example.":
		addresses = 100
	case "alias.corpus.example.":
		bodies = append(bodies, &dnsmessage.CNAMEResource{CNAME: www})
	case "7.0.0.127.in-addr.arpa.":
		return []dnsmessage.ResourceBody{&dnsmessage.PTRResource{PTR: www}}, true
	default:
		return nil, false
	}
	switch kind {
	case dnsmessage.TypeA:
		for i := range addresses {
			bodies = append(bodies, &dnsmessage.AResource{A: [4]byte{127, 0, byte(i), 7}})
		}
	case dnsmessage.TypeAAAA:
		bodies = append(bodies, &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}})
	case dnsmessage.TypeMX:
		bodies = append(bodies, &dnsmessage.MXResource{Pref: 10, MX: www})
	case dnsmessage.TypeTXT:
		bodies = append(bodies, &dnsmessage.TXTResource{TXT: []string{"text of the corpus"}})
	}
	return bodies, true
}
