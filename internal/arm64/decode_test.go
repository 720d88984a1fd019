package arm64

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

var update = flag.Bool("update", false, "write what instructions are decoded to into testdata, to be read over")

// A line of testdata/instructions.txt: one word or several, what an assembler
// calls them, and what they are decoded to.
type line struct {
	code       []byte
	text, want string
}

const instructionsFile = "testdata/instructions.txt"

func readInstructions(t *testing.T) []line {
	t.Helper()
	b, err := os.ReadFile(instructionsFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []line
	for text := range strings.Lines(string(b)) {
		part := strings.Split(strings.TrimSuffix(text, "\n"), "\t")
		if len(part) != 3 {
			t.Fatalf("%s: the line %q has not three parts", instructionsFile, text)
		}
		l := line{text: part[1], want: part[2]}
		for field := range strings.FieldsSeq(part[0]) {
			w, err := strconv.ParseUint(field, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			l.code = append(l.code, words(uint32(w))...)
		}
		out = append(out, l)
	}
	if len(out) < 250 {
		t.Fatalf("%s has only %d lines", instructionsFile, len(out))
	}
	return out
}

// TestInstructions decodes instructions of all kinds.
func TestInstructions(t *testing.T) {
	var out strings.Builder
	for _, l := range readInstructions(t) {
		got := decodeAll(t, l.code)
		if got != l.want && !*update {
			t.Errorf("%x (%s):\n got %s\nwant %s", l.code, l.text, got, l.want)
		}
		for i := 0; i < len(l.code); i += size {
			fmt.Fprintf(&out, "%08x%s", binary.LittleEndian.Uint32(l.code[i:]), map[bool]string{true: " "}[i+size < len(l.code)])
		}
		fmt.Fprintf(&out, "\t%s\t%s\n", l.text, got)
	}
	if *update {
		if err := os.WriteFile(instructionsFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestErrors decodes what is no instruction; what was there before stays.
func TestErrors(t *testing.T) {
	before := []isa.Inst{{Op: isa.Ret, Len: 4}}
	for _, test := range []struct {
		code []byte
		want error
	}{
		{nil, ErrTruncated},
		{words(0xd503201f)[:3], ErrTruncated},
		{words(0xffffffff), ErrUnknown},
		{words(0xc0000000), ErrUnknown}, // SME
	} {
		got, err := Append(before, test.code, pc)
		if !errors.Is(err, test.want) || len(got) != 1 || got[0] != before[0] {
			t.Errorf("% x: %v, %v; want the error %v", test.code, got, err, test.want)
		}
	}
}
