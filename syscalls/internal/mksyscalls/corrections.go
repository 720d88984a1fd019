package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// The files that are written by hand.
const (
	architecturesFile = "architectures.txt"
	correctionsFile   = "corrections.txt"
	enosysFile        = "enosys.txt"
)

// corrections is corrections.txt. Each line must change something: one that no
// longer does is an error, so that the file stays true.
type corrections struct {
	ignores []*ignoreLine
	entries []*entryLine
	protos  []*protoLine
	widths  []*widthLine
	nones   []*noneLine
}

// A handLine is what the lines of the hand-written files have in common.
type handLine struct {
	line
	target target
	reason string
	used   bool
}

// applies says whether the line is about a call, and remembers that it was.
func (h *handLine) applies(name, arch string) bool {
	if !h.target.covers(name, arch) {
		return false
	}
	h.used = true
	return true
}

type (
	ignoreLine struct { // a name that is no system call
		handLine
		glob string
	}
	entryLine struct { // a call whose entry point has another name
		handLine
		entry string
	}
	protoLine struct { // a call that the running kernel does not describe
		handLine
		prototype
	}
	widthLine struct { // an argument used otherwise than declared
		handLine
		param string
		bits  int
	}
	noneLine struct { // a number without a call behind it
		handLine
	}
)

func readCorrections(path string, arches []*arch) (*corrections, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseCorrections(lines, arches)
}

func parseCorrections(lines []line, arches []*arch) (*corrections, error) {
	c := &corrections{}
	for _, l := range lines {
		if err := c.parseLine(l, arches); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *corrections) parseLine(l line, arches []*arch) error {
	text, reason, err := l.reason()
	if err != nil {
		return err
	}
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if verb == "ignore" {
		if _, err := path.Match(rest, ""); err != nil || rest == "" {
			return l.errorf("%q is not a name or pattern", rest)
		}
		c.ignores = append(c.ignores, &ignoreLine{handLine{line: l, reason: reason}, rest})
		return nil
	}
	name, params, _ := strings.Cut(rest, "(")
	f := strings.Fields(name)
	if len(f) == 0 {
		return l.errorf("%s: which system call?", verb)
	}
	t, err := parseTarget(f[0], arches)
	if err != nil {
		return l.errorf("%s: %w", verb, err)
	}
	h := handLine{line: l, target: t, reason: reason}
	switch {
	case verb == "entry" && len(f) == 2:
		c.entries = append(c.entries, &entryLine{h, f[1]})
	case verb == "proto" && len(f) == 1:
		p, err := parsePrototype(t.name + "(" + params)
		if err != nil {
			return l.errorf("proto: %w", err)
		}
		c.protos = append(c.protos, &protoLine{h, p})
	case verb == "width" && len(f) == 3:
		bits, err := strconv.Atoi(f[2])
		if err != nil || bits != 32 && bits != 64 {
			return l.errorf("width %s %s: %q is neither 32 nor 64", f[0], f[1], f[2])
		}
		c.widths = append(c.widths, &widthLine{h, f[1], bits})
	case verb == "none" && len(f) == 1:
		c.nones = append(c.nones, &noneLine{h})
	default:
		return l.errorf("%q is none of: ignore PATTERN, entry CALL ENTRY, proto CALL(TYPE NAME, …), width CALL ARG BITS, none CALL", text)
	}
	return nil
}

func (c *corrections) ignored(name string) bool {
	found := false
	for _, i := range c.ignores {
		if ok, _ := path.Match(i.glob, name); ok {
			i.used, found = true, true
		}
	}
	return found
}

// prototype finds the line that declares a call, if there is one.
func (c *corrections) prototype(name, arch string) (p prototype, ok bool, err error) {
	var found []prototype
	for _, p := range c.protos {
		if p.applies(name, arch) {
			found = append(found, p.prototype)
		}
	}
	for _, n := range c.nones {
		if n.applies(name, arch) {
			found = append(found, prototype{entry: noEntry})
		}
	}
	switch len(found) {
	case 0:
		return prototype{}, false, nil
	case 1:
		return found[0], true, nil
	}
	return prototype{}, false, fmt.Errorf("%s: %s on %s has more than one proto or none line", correctionsFile, name, arch)
}

// entry gives the entry point of a call, which is entry unless a line says
// otherwise.
func (c *corrections) entry(name, arch, entry string) string {
	for _, e := range c.entries {
		if e.applies(name, arch) {
			entry = e.entry
		}
	}
	return entry
}

// handLines gives every line, for the check that each was of use.
func (c *corrections) handLines() []*handLine {
	var all []*handLine
	for _, l := range c.ignores {
		all = append(all, &l.handLine)
	}
	for _, l := range c.entries {
		all = append(all, &l.handLine)
	}
	for _, l := range c.protos {
		all = append(all, &l.handLine)
	}
	for _, l := range c.widths {
		all = append(all, &l.handLine)
	}
	for _, l := range c.nones {
		all = append(all, &l.handLine)
	}
	return all
}

// readENOSYS reads enosys.txt: CALL # reason.
func readENOSYS(path string, arches []*arch) ([]*handLine, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseENOSYS(lines, arches)
}

func parseENOSYS(lines []line, arches []*arch) ([]*handLine, error) {
	var all []*handLine
	seen := map[string]bool{}
	for _, l := range lines {
		text, reason, err := l.reason()
		if err != nil {
			return nil, err
		}
		t, err := parseTarget(text, arches)
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		if seen[t.name] {
			return nil, l.errorf("%s is there twice", t.name)
		}
		seen[t.name] = true
		all = append(all, &handLine{line: l, target: t, reason: reason})
	}
	return all, nil
}
