package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gocurb/curb/usage"
)

func TestScores(t *testing.T) {
	tight, loose, lost := sample("tight", "amd64"), sample("loose", "arm64"), sample("lost", "amd64")
	tight.predicted = []string{"read", "write"}                                 // 2·2/(2+2)
	loose.predicted = []string{"close", "fork", "pipe", "read", "write", "dup"} // 2·2/(2+6)
	lost.observed = []string{"read", "socket"}                                  // 2·1/(2+3)
	open := sample("open", "amd64")
	open.unresolved = []usage.Unresolved{{Reason: "who knows"}}
	for r, want := range map[*result]float64{tight: 1, loose: 0.5, lost: 0.4} {
		if got, ok := r.f1(); !ok || got != want {
			t.Errorf("%s has F1 %v, want %v", r.name, got, want)
		}
	}
	if _, ok := open.f1(); ok {
		t.Error("a program with unresolved places has an F1")
	}
	var out bytes.Buffer
	writeScores(&out, []*result{tight, loose, lost, open})
	if want := "\nMean F1: 0.633 over 3 binaries, 0.700 over 2 programs built as by default for amd64.\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestUnseen(t *testing.T) {
	r := sample("caddy", "amd64")
	frame := func(name string) usage.Step { return usage.Step{Frame: usage.Frame{Function: name}} }
	data := frame("net.close")
	data.Via = []usage.Object{{Kind: "itab", Name: "net.Conn"}}
	r.syscalls = []usage.Syscall{{Name: "close", Evidence: []usage.Evidence{{Chain: []usage.Step{frame("main.main"), data}}}}}
	var out bytes.Buffer
	writeUnseen(&out, []*result{r})
	want := "\ncaddy-amd64-plain, never observed (1):\n\n  close              main.main > itab net.Conn > net.close\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	r.observed = append([]string{"close"}, r.observed...)
	out.Reset()
	if writeUnseen(&out, []*result{r}); strings.TrimSpace(out.String()) != "" {
		t.Errorf("everything was observed, and it says %s", out.String())
	}
}
