package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A line is one line of a data file that is neither blank nor a comment.
type line struct {
	file string // base name
	n    int    // from 1
	text string
}

func (l line) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", l.file, l.n, fmt.Errorf(format, args...))
}

// reason splits off what stands behind " # ". Hand-written files must say why
// each of their lines is there.
func (l line) reason() (text, reason string, err error) {
	text, reason, _ = strings.Cut(l.text, " # ")
	text, reason = strings.TrimSpace(text), strings.TrimSpace(reason)
	if reason == "" {
		return "", "", l.errorf("%q gives no reason: write it behind \" # \"", l.text)
	}
	return text, reason, nil
}

// readLines reads a data file. A comment is a line that begins with "#".
func readLines(path string) ([]line, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return splitLines(filepath.Base(path), string(content)), nil
}

func splitLines(file, content string) []line {
	var lines []line
	for i, text := range strings.Split(content, "\n") {
		text = strings.TrimSpace(text)
		if text != "" && text[0] != '#' {
			lines = append(lines, line{file, i + 1, text})
		}
	}
	return lines
}

// A target is a system call that a hand-written line is about: NAME, or
// NAME@ARCH,ARCH for these architectures only.
type target struct {
	name   string
	arches string // "" for all, otherwise ",amd64,arm64,"
}

func (t target) covers(name, arch string) bool {
	return t.name == name && (t.arches == "" || strings.Contains(t.arches, ","+arch+","))
}

func parseTarget(text string, known []*arch) (target, error) {
	name, list, limited := strings.Cut(text, "@")
	if name == "" {
		return target{}, fmt.Errorf("%q names no system call", text)
	}
	if !limited {
		return target{name: name}, nil
	}
	for a := range strings.SplitSeq(list, ",") {
		if archNamed(known, a) == nil {
			return target{}, fmt.Errorf("%q: architecture %q is not in architectures.txt", text, a)
		}
	}
	return target{name, "," + list + ","}, nil
}
