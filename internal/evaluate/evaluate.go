// Package evaluate answers what a filter does with system calls that are written
// down, a line each. It is the engine of "curb filter eval".
package evaluate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// An Evaluator has a program, which it runs on what it reads.
type Evaluator struct {
	Program filter.Program
	// JSON has the answers written as JSON objects, a line each, with what was
	// asked.
	JSON bool

	archs   map[string]*names
	answers map[filter.Action]string
	in      filter.Data
	args    int
}

// names are the calls of an architecture.
type names struct {
	table *syscalls.Table
	nr    map[string]uint32
}

// maxLine is how long a line may be.
const maxLine = 1 << 16

// Run reads lines until the end, and writes the verdict of each in a line:
//
//	ARCH SYSCALL ARGS…
//	{"arch":"amd64","syscall":"openat","args":[0,1]}
//
// A call is named, or is its number. Numbers are decimal or, with 0x, hexadecimal,
// and arguments can be negative; those that are missing are 0. Empty lines are
// passed over. The error for a line that is none of this has its number; the
// verdicts of the lines before it are written.
func (e *Evaluator) Run(r io.Reader, w io.Writer) error {
	e.archs, e.answers = make(map[string]*names), make(map[filter.Action]string)
	in := bufio.NewReaderSize(r, maxLine)
	out := bufio.NewWriterSize(w, maxLine)
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if err == nil || errors.Is(err, io.EOF) {
			var problem error
			if problem = e.line(bytes.TrimSpace(line), out); problem != nil {
				return errors.Join(fmt.Errorf("line %d: %w", number, problem), out.Flush())
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return out.Flush()
		case errors.Is(err, bufio.ErrBufferFull):
			return errors.Join(fmt.Errorf("line %d: it is longer than %d bytes", number, maxLine), out.Flush())
		case err != nil:
			return errors.Join(fmt.Errorf("line %d: %w", number, err), out.Flush())
		}
		// What is asked by hand is answered at once.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

func (e *Evaluator) line(line []byte, out *bufio.Writer) error {
	if len(line) == 0 {
		return nil
	}
	parse := e.words
	if line[0] == '{' {
		parse = e.object
	}
	e.in, e.args = filter.Data{}, 0
	arch, err := parse(line)
	if err != nil {
		return err
	}
	action, err := e.Program.Run(e.in)
	if err != nil {
		return err
	}
	answer, known := e.answers[action]
	if !known {
		answer = action.String()
		e.answers[action] = answer
	}
	if !e.JSON {
		out.WriteString(answer)
	} else if err := e.writeObject(out, arch, answer); err != nil {
		return err
	}
	return out.WriteByte('\n')
}

// words reads "ARCH SYSCALL ARGS…".
func (e *Evaluator) words(line []byte) (*names, error) {
	word, rest := nextWord(line)
	arch, err := e.arch(word)
	if err != nil {
		return nil, err
	}
	if word, rest = nextWord(rest); len(word) == 0 {
		return nil, errors.New("it names no system call: lines are ARCH SYSCALL ARGS…")
	}
	if err := e.syscall(arch, word); err != nil {
		return nil, err
	}
	for len(rest) > 0 {
		word, rest = nextWord(rest)
		if e.args == len(e.in.Args) {
			return nil, fmt.Errorf("it has more than %d arguments", len(e.in.Args))
		}
		v, ok := number(word)
		if !ok {
			return nil, fmt.Errorf("the argument %q is no number of 64 bits", word)
		}
		e.in.Args[e.args] = v
		e.args++
	}
	return arch, nil
}

// object reads a JSON object.
func (e *Evaluator) object(line []byte) (*names, error) {
	var asked struct {
		Arch    string            `json:"arch"`
		Syscall json.RawMessage   `json:"syscall"`
		Args    []json.RawMessage `json:"args"`
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&asked); err != nil {
		return nil, fmt.Errorf(`%w: objects are {"arch":"amd64","syscall":"openat","args":[0]}`, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the object")
	}
	arch, err := e.arch([]byte(asked.Arch))
	if err != nil {
		return nil, err
	}
	if len(asked.Syscall) == 0 {
		return nil, errors.New(`it names no system call: it needs "syscall"`)
	}
	if err := e.syscall(arch, bytes.Trim(asked.Syscall, `"`)); err != nil {
		return nil, err
	}
	if len(asked.Args) > len(e.in.Args) {
		return nil, fmt.Errorf("it has more than %d arguments", len(e.in.Args))
	}
	for i, raw := range asked.Args {
		v, ok := number(bytes.Trim(raw, `"`))
		if !ok {
			return nil, fmt.Errorf("the argument %s is no number of 64 bits", raw)
		}
		e.in.Args[i] = v
	}
	e.args = len(asked.Args)
	return arch, nil
}

// arch finds an architecture by its name.
func (e *Evaluator) arch(word []byte) (*names, error) {
	found := e.archs[string(word)]
	if found == nil {
		t, err := syscalls.For(string(word))
		if err != nil {
			return nil, err
		}
		found = &names{t, make(map[string]uint32, t.Len())}
		for call := range t.All() {
			found.nr[call.Name] = call.Nr
		}
		e.archs[t.Arch] = found
	}
	e.in.Arch = found.table.AuditArch
	return found, nil
}

// syscall finds a call by its name or number.
func (e *Evaluator) syscall(arch *names, word []byte) error {
	nr, known := arch.nr[string(word)]
	if !known {
		v, ok := number(bytes.TrimPrefix(word, []byte("#")))
		switch {
		case !ok:
			name := string(word)
			return &filter.UnknownCallError{Name: name, Arch: arch.table.Arch, Nearest: arch.table.Nearest(name), Others: syscalls.Architectures(name)}
		case v > 1<<32-1 && int64(v) != -1:
			return fmt.Errorf("the number %q of a system call has more than 32 bits", word)
		}
		nr = uint32(v)
	}
	e.in.Nr = nr
	return nil
}

func (e *Evaluator) writeObject(out *bufio.Writer, arch *names, verdict string) error {
	name := any(e.in.Nr)
	if call, known := arch.table.ByNumber(e.in.Nr); known {
		name = call.Name
	}
	text, err := json.Marshal(struct {
		Arch    string   `json:"arch"`
		Syscall any      `json:"syscall"`
		Args    []uint64 `json:"args"`
		Verdict string   `json:"verdict"`
	}{arch.table.Arch, name, e.in.Args[:e.args], verdict})
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// nextWord splits off a word. Around it there may be any blanks.
func nextWord(line []byte) (word, rest []byte) {
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	for i, c := range line {
		if c == ' ' || c == '\t' {
			return line[:i], line[i+1:]
		}
	}
	return line, nil
}

// number reads a number of 64 bits, of either sign.
func number(word []byte) (v uint64, ok bool) {
	if len(word) == 0 || len(word) > 20 {
		return 0, false
	}
	if word[0] >= '0' && word[0] <= '9' && len(word) < 19 && (len(word) < 2 || word[1] != 'x') {
		for _, c := range word { // as it nearly always is
			if c < '0' || c > '9' {
				return 0, false
			}
			v = v*10 + uint64(c-'0')
		}
		return v, true
	}
	text := string(word)
	base := 10
	digits, negative := strings.CutPrefix(text, "-")
	if hex, isHex := strings.CutPrefix(digits, "0x"); isHex {
		digits, base = hex, 16
	}
	v, err := strconv.ParseUint(digits, base, 64)
	if err != nil || negative && v > 1<<63 {
		return 0, false
	}
	if negative {
		v = -v
	}
	return v, true
}
