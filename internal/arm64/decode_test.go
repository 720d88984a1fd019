package arm64

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

var update = flag.Bool("update", false, "write what instructions are decoded to into testdata, to be read over")

// TestInstructions decodes instructions of all kinds. A line of the file is a
// word (or several that are decoded one after another, as far as they are not
// together), what an assembler calls it, and what it is decoded to.
func TestInstructions(t *testing.T) {
	const name = "testdata/instructions.txt"
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out strings.Builder
	lines := bufio.NewScanner(f)
	n := 0
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		if len(part) != 3 {
			out.WriteString(lines.Text() + "\n")
			continue
		}
		var code []byte
		for field := range strings.FieldsSeq(part[0]) {
			w, err := strconv.ParseUint(field, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, words(uint32(w))...)
		}
		got := decodeAll(t, code)
		if got != part[2] && !*update {
			t.Errorf("%s (%s):\n got %s\nwant %s", part[0], part[1], got, part[2])
		}
		out.WriteString(part[0] + "\t" + part[1] + "\t" + got + "\n")
		n++
	}
	if n < 200 {
		t.Errorf("only %d lines", n)
	}
	if *update {
		if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
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
		{words(0x04000000), ErrUnknown}, // SVE
		{words(0xc0000000), ErrUnknown}, // SME
	} {
		got, err := Append(before, test.code, pc)
		if !errors.Is(err, test.want) || len(got) != 1 || got[0] != before[0] {
			t.Errorf("% x: %v, %v; want the error %v", test.code, got, err, test.want)
		}
	}
}
