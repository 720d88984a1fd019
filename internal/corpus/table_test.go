package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/usage"
)

func tableText(t *testing.T, results ...*result) string {
	t.Helper()
	var out bytes.Buffer
	if err := writeTable(&out, results); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sample(name, arch string) *result {
	return &result{
		row:     row{program: program{name: name}, toolchain: "local", arch: arch, mode: "plain"},
		version: "v1.2.3", goVersion: "1.26.8", runs: 5, confined: arch == "amd64",
		observed: []string{"read", "write"}, predicted: []string{"close", "read", "write"},
	}
}

func TestTable(t *testing.T) {
	good := sample("caddy", "amd64")
	emulated := sample("hi", "arm64")
	open := sample("open", "amd64")
	open.confined = false
	unknown := usage.Unresolved{Frame: usage.Frame{Function: "f"}, Reason: "who knows"}
	open.unresolved = []usage.Unresolved{unknown, unknown}
	lost := sample("lost", "amd64")
	lost.observed = append(lost.observed, "socket")
	lost.confined, lost.broken = false, errors.New("it died\nlike this")
	unread := sample("unread", "amd64")
	unread.predicted, unread.confined, unread.broken = nil, false, errors.New("scan: no")

	valued := sample("valued", "amd64")
	valued.values = []string{"missed, recorded: openat with flags O_WRONLY (0x1)"}
	good.stacks, good.compared = true, 12
	stacks := sample("stacks", "amd64")
	stacks.stacks, stacks.stacksOnly, stacks.compared, stacks.gaps = true, true, 12, []string{"not in the call graph: f"}

	want := `| program | version | Go     | arch  | mode  | runs | observed | predicted | F1   | missed             | under trap | stacks     |
| ------- | ------- | ------ | ----- | ----- | ---- | -------- | --------- | ---- | ------------------ | ---------- | ---------- |
| caddy   | v1.2.3  | 1.26.8 | amd64 | plain | 5    | 2        | 3         | 0.80 | none               | the same   | 12         |
| hi      | v1.2.3  | 1.26.8 | arm64 | plain | 5    | 2        | 3         | 0.80 | none               | -          | -          |
| open    | v1.2.3  | 1.26.8 | amd64 | plain | 5    | 2        | 3         | -    | none, 2 unresolved | refused    | -          |
| lost    | v1.2.3  | 1.26.8 | amd64 | plain | 5    | 3        | 3         | 0.67 | socket             | FAILED     | -          |
| unread  | v1.2.3  | 1.26.8 | amd64 | plain | 5    | 2        | 0         | -    | not scanned        | refused    | -          |
| stacks  | v1.2.3  | 1.26.8 | amd64 | plain | 5    | -        | 3         | -    | -                  | -          | 12, 1 gaps |
| valued  | v1.2.3  | 1.26.8 | amd64 | plain | 5    | 2        | 3         | 0.80 | none, 1 recorded   | the same   | -          |

7 binaries, 35 runs, 5 failed.

Mean F1: 0.767 over 4 binaries, 0.756 over 3 programs built as by default for amd64.

open-amd64-plain:

- unresolved: f: who knows

lost-amd64-plain:

- missed: socket
- it died
  like this

unread-amd64-plain:

- scan: no

stacks-amd64-plain:

- not in the call graph: f

valued-amd64-plain:

- missed, recorded: openat with flags O_WRONLY (0x1)
`
	if got := tableText(t, good, emulated, open, lost, unread, stacks, valued); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "corpus.md")
	earlier := sample("caddy", "arm64")
	earlier.kept = true
	if err := writeDocument(file, "-part ci", []*result{sample("caddy", "amd64"), earlier}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"on Linux ", "go run ./internal/corpus -part ci\n", "| caddy ", "2 binaries, 10 runs, 0 failed.", "1 lines, on which nothing failed, were kept"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document lacks %q:\n%s", want, text)
		}
	}
	if err := writeDocument(filepath.Join(file, "below"), "", nil); err == nil {
		t.Error("a document was written below a file")
	}
}
