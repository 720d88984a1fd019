package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// errNoHeaders says that this machine lacks a kernel header.
var errNoHeaders = errors.New("kernel header not found: install linux-libc-dev")

// findHeader looks where distributions put the headers of the machine's own
// architecture, and those that come with a cross compiler.
func findHeader(name string) (string, error) {
	folder, rest, _ := strings.Cut(name, "/")
	for _, path := range []string{
		filepath.Join("/usr/include", name),
		filepath.Join("/usr", folder, "include", rest),
	} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("%s: %w", name, errNoHeaders)
}

// headerNumbers reads the system call numbers of one architecture.
func headerNumbers(a *arch) (map[string]uint32, error) {
	path, err := findHeader(a.headerFile)
	if err != nil {
		return nil, err
	}
	p := &cpp{macros: map[string]string{"__BITS_PER_LONG": "64"}}
	maps.Copy(p.macros, a.macros)
	if err := p.read(path); err != nil {
		return nil, err
	}
	return p.numbers()
}

// numbers gives what the macros __NR_… stand for.
func (p *cpp) numbers() (map[string]uint32, error) {
	numbers := map[string]uint32{}
	for macro, value := range p.macros {
		name, ok := strings.CutPrefix(macro, "__NR_")
		if !ok || name == "syscalls" { // __NR_syscalls is their count
			continue
		}
		nr, err := p.eval(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", macro, err)
		}
		numbers[name] = uint32(nr)
	}
	if len(numbers) == 0 {
		return nil, errors.New("no macro __NR_… is defined")
	}
	return numbers, nil
}

// headerVersion gives the kernel release of the headers, such as "6.1.192".
func headerVersion() (string, error) {
	path, err := findHeader("linux/version.h")
	if err != nil {
		return "", err
	}
	p := &cpp{macros: map[string]string{}}
	if err := p.read(path); err != nil {
		return "", err
	}
	var parts []string
	for _, part := range []string{"MAJOR", "PATCHLEVEL", "SUBLEVEL"} {
		value, ok := p.macros["LINUX_VERSION_"+part]
		if !ok {
			return "", fmt.Errorf("%s: LINUX_VERSION_%s is missing", path, part)
		}
		parts = append(parts, value)
	}
	return strings.Join(parts, "."), nil
}

// auditValues evaluates the AUDIT_ARCH_… constants.
func auditValues(arches []*arch) (map[string]uint32, error) {
	p := &cpp{macros: map[string]string{}}
	for _, name := range []string{"linux/elf-em.h", "linux/audit.h"} {
		path, err := findHeader(name)
		if err != nil {
			return nil, err
		}
		if err := p.read(path); err != nil {
			return nil, err
		}
	}
	values := map[string]uint32{}
	for _, a := range arches {
		if _, ok := p.macros[a.auditName]; !ok {
			continue // newer than these headers
		}
		v, err := p.eval(a.auditName)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.auditName, err)
		}
		values[a.auditName] = uint32(v)
	}
	return values, nil
}
