package gobin

import (
	"bufio"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A line of "go tool objdump": FILE:LINE ADDRESS BYTES INSTRUCTION.
var objdumpLine = regexp.MustCompile(`^\s+\S+\s+0x([0-9a-f]+)\s+[0-9a-f]+\s+(.*?)\s*$`)

var growsFrame = regexp.MustCompile(`^(SUBQ|ADDQ) \$(-?0x[0-9a-f]+), SP$`)

// The frame's size must be what the instructions at the function's start have
// made it: 8 bytes for each push, and what is subtracted from SP.
func TestFramesAgreeWithTheCode(t *testing.T) {
	for _, toolchain := range []string{"go1.20.14", "", "go1.27.4"} {
		v := variant{toolchain: toolchain}
		f := open(t, v)
		compared, largest := 0, int64(0)
		for _, p := range prologues(t, f.Path) {
			i := f.FuncAt(p.pc)
			if i < 0 {
				continue
			}
			fn := &f.Funcs[i]
			if f.Asm(fn) || f.SetsSP(fn) {
				continue
			}
			frames := f.Frames(fn)
			if size, ok := frames.At(fn.Entry); !ok || size != 0 {
				t.Errorf("%s: %s starts with a frame of %d bytes (%t)", v, f.Name(fn), size, ok)
			}
			if size, ok := frames.At(p.pc); !ok || size != p.size {
				t.Errorf("%s: %s at %#x has a frame of %d bytes (%t), its code makes %d", v, f.Name(fn), p.pc, size, ok, p.size)
			}
			compared++
			largest = max(largest, p.size)
		}
		if compared < 300 || largest < 8000 {
			t.Errorf("%s: only %d functions were compared, the largest frame has %d bytes", v, compared, largest)
		}
	}
}

// A prologue is the place behind the instruction that makes a function's frame.
type prologue struct {
	pc   uint64
	size int64
}

// prologues returns those of all functions, by what their instructions do.
func prologues(t *testing.T, path string) []prologue {
	t.Helper()
	cmd := exec.Command("go", "tool", "objdump", path)
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	var out []prologue
	var size int64
	begun, made := false, false
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "TEXT ") {
			size, begun, made = 0, true, false
			continue
		}
		m := objdumpLine.FindStringSubmatch(lines.Text())
		if m == nil || !begun {
			continue
		}
		pc, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if made {
			out = append(out, prologue{pc, size})
			begun = false
			continue
		}
		switch g := growsFrame.FindStringSubmatch(m[2]); {
		case g != nil:
			n, err := strconv.ParseInt(g[2], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			if g[1] == "ADDQ" {
				n = -n
			}
			size, made = size+n, true
		case strings.HasPrefix(m[2], "PUSH"):
			size += 8
		case strings.HasPrefix(m[2], "POP"), strings.HasPrefix(m[2], "RET"), strings.HasPrefix(m[2], "CALL"):
			begun = false // no frame, or of another kind
		}
	}
	return out
}
