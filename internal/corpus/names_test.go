package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
)

// The name server answers as programs need it: what there is, by TCP where it is
// large, and what there is not.
func TestNameServer(t *testing.T) {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	streams, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	go answerPackets(packets)
	go answerStreams(streams)
	networks := make(chan string, 100)
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		networks <- network
		to := packets.LocalAddr()
		if network == "tcp" {
			to = streams.Addr()
		}
		var d net.Dialer
		return d.DialContext(ctx, network, to.String())
	}}
	for name, want := range map[string]int{"www.corpus.example.": 2, "alias.corpus.example.": 2, "large.corpus.example.": 101} {
		if got, err := resolver.LookupHost(t.Context(), name); err != nil || len(got) != want {
			t.Errorf("%s has %d addresses, want %d: %v", name, len(got), want, err)
		}
	}
	close(networks)
	var used []string
	for network := range networks {
		used = append(used, network)
	}
	if !slices.Contains(used, "udp") || !slices.Contains(used, "tcp") {
		t.Errorf("asked by %q, want both ways", used)
	}
	resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", packets.LocalAddr().String())
	}
	for name, missing := range map[string]bool{"missing.corpus.example.": true, "failing.corpus.example.": false} {
		var failed *net.DNSError
		if _, err := resolver.LookupHost(t.Context(), name); !errors.As(err, &failed) || failed.IsNotFound != missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the corpus is to hold of programs with C code.
func TestCorpusHoldsC(t *testing.T) {
	packages := map[string]bool{}
	modes := map[string]map[string]bool{}
	for _, r := range cRows() {
		if r.set == debian {
			packages[r.module] = true
		}
		if modes[r.mode] == nil {
			modes[r.mode] = map[string]bool{}
		}
		modes[r.mode][r.name] = true
	}
	if len(packages) < 10 {
		t.Errorf("%d of Debian's packages, want ten", len(packages))
	}
	for _, mode := range []string{"cgo", "glibc", "musl"} {
		for _, name := range []string{"hello", "roundtrip", "processes", "files", "names", "sqlite"} {
			if !modes[mode][name] {
				t.Errorf("%s is not built as %s", name, mode)
			}
		}
	}
}
