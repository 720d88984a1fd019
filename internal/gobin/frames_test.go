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

// The frame's size must be what the instructions at the function's start have
// made it.
func TestFramesAgreeWithTheCode(t *testing.T) {
	forEach(t, withSymbols, func(t *testing.T, v variant) {
		f := open(t, v)
		follow := framesOfAMD64
		if v.has(arm64) {
			follow = framesOfARM64
		}
		compared, largest := 0, int64(0)
		for _, p := range prologues(t, f.Path, follow) {
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
				t.Errorf("%s starts with a frame of %d bytes (%t)", f.Name(fn), size, ok)
			}
			if size, ok := frames.At(p.pc); !ok || size != p.size {
				t.Errorf("%s at %#x has a frame of %d bytes (%t), its code makes %d", f.Name(fn), p.pc, size, ok, p.size)
			}
			compared++
			largest = max(largest, p.size)
		}
		if compared < 300 || largest < 8000 {
			t.Errorf("only %d functions were compared, the largest frame has %d bytes", compared, largest)
		}
	})
}

// A prologue is the place behind the instruction that makes a function's frame.
type prologue struct {
	pc   uint64
	size int64
}

// A follower looks at a function's instructions one by one. It returns the
// frame's size behind the one that makes the frame, and false once there will
// be none, or one of another kind.
type follower func() func(instruction string) (size int64, goesOn bool)

// prologues returns those of all functions, by what their instructions do.
func prologues(t *testing.T, path string, follow follower) []prologue {
	t.Helper()
	cmd := exec.Command("go", "tool", "objdump", path)
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	var out []prologue
	var step func(string) (int64, bool)
	size := int64(0)
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "TEXT ") {
			step, size = follow(), 0
			continue
		}
		m := objdumpLine.FindStringSubmatch(lines.Text())
		if m == nil || step == nil {
			continue
		}
		if size != 0 {
			pc, err := strconv.ParseUint(m[1], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, prologue{pc, size})
			step = nil
			continue
		}
		goesOn := false
		if size, goesOn = step(m[2]); !goesOn {
			step = nil
		}
	}
	return out
}

// number returns the value of a match.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 0, 64)
	return n
}

var growsFrame = regexp.MustCompile(`^(SUBQ|ADDQ) \$(-?0x[0-9a-f]+), SP$`)

// framesOfAMD64 counts 8 bytes for each push, and what is subtracted from SP.
func framesOfAMD64() func(string) (int64, bool) {
	pushed := int64(0)
	return func(instruction string) (int64, bool) {
		switch g := growsFrame.FindStringSubmatch(instruction); {
		case g != nil && g[1] == "SUBQ":
			return pushed + number(g[2]), true
		case g != nil:
			return pushed - number(g[2]), true
		case strings.HasPrefix(instruction, "PUSH"):
			pushed += 8
		case strings.HasPrefix(instruction, "POP"), strings.HasPrefix(instruction, "RET"), strings.HasPrefix(instruction, "CALL"):
			return 0, false
		}
		return 0, true
	}
}

var (
	storesLink = regexp.MustCompile(`^MOVD\.W R30, -(\d+)\(RSP\)$`)
	loadsSize  = regexp.MustCompile(`^(?:MOVD|ORR) \$(\d+),(?: ZR,)? R27$`)
	belowSP    = regexp.MustCompile(`^SUB (?:\$(\d+)|R27), RSP, (R20|R27)$`)
	setsSP     = regexp.MustCompile(`^MOVD (R20|R27), RSP$`)
)

// framesOfARM64 knows the two ways in which the assembler makes frames: storing
// the link register with write-back, and for large ones by way of R20 or R27.
func framesOfARM64() func(string) (int64, bool) {
	var loaded, below int64
	return func(instruction string) (int64, bool) {
		if g := storesLink.FindStringSubmatch(instruction); g != nil {
			return number(g[1]), true
		}
		if g := loadsSize.FindStringSubmatch(instruction); g != nil {
			loaded = number(g[1])
		}
		if g := belowSP.FindStringSubmatch(instruction); g != nil {
			below = loaded
			if g[1] != "" {
				below = number(g[1])
			}
		}
		if setsSP.MatchString(instruction) {
			return below, below != 0
		}
		return 0, !strings.HasPrefix(instruction, "CALL") && !strings.HasPrefix(instruction, "RET")
	}
}
