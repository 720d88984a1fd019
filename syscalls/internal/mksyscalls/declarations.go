package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const declarationsFile = "data/declarations.txt"

// declarations is data/declarations.txt: the entry points as the kernel's
// source declares them, for those that the running kernel does not have.
type declarations struct {
	kernel string
	calls  map[string][]prototype // by entry point; an architecture's own as "mips/mips_mmap"
}

// find gives an entry point of an architecture. Several mean that the
// configuration decides: a correction must say which it is.
func (d *declarations) find(entry, sourceDir string) []prototype {
	if own := d.calls[sourceDir+"/"+entry]; own != nil {
		return own
	}
	return d.calls[entry]
}

var (
	// SYSCALL32_DEFINE and PPC32_SYSCALL_DEFINE are of 64-bit kernels for
	// 32-bit programs, which a 32-bit kernel tells as well.
	defineCall = regexp.MustCompile(`(?m)^(COMPAT_)?SYSCALL_DEFINE\d\(`)
	plainCall  = regexp.MustCompile(`(?m)^asmlinkage\s+\w[\w\s*]*?\b(\w*sys\w*)\s*\(`)
	annotation = regexp.MustCompile(`\b__(user|force|iomem|kernel)\b`)
)

// sourceDirs is where the kernel's system calls are.
var sourceDirs = []string{"arch", "block", "fs", "io_uring", "ipc", "kernel", "mm", "net", "security"}

// readDeclarations reads the source of a kernel.
func readDeclarations(source string, arches []*arch) (map[string][]prototype, error) {
	calls := map[string][]prototype{}
	for _, dir := range sourceDirs {
		err := filepath.WalkDir(filepath.Join(source, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".c" {
				return err
			}
			rel, err := filepath.Rel(source, path)
			if err != nil {
				return err
			}
			prefix := ""
			if parts := strings.Split(rel, string(filepath.Separator)); parts[0] == "arch" {
				// User-mode Linux below arch/x86/um is another kernel.
				if parts[2] == "um" || !slices.ContainsFunc(arches, func(a *arch) bool { return a.sourceDir == parts[1] }) {
					return nil
				}
				prefix = parts[1] + "/"
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found, err := parseSource(string(content))
			if err != nil {
				return fmt.Errorf("%s: %w", rel, err)
			}
			for _, p := range found {
				key := prefix + p.entry
				if !slices.ContainsFunc(calls[key], func(q prototype) bool { return q.String() == p.String() }) {
					calls[key] = append(calls[key], p)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// parseSource finds the entry points in one file.
func parseSource(content string) ([]prototype, error) {
	content = cComment.ReplaceAllString(content, " ")
	var found []prototype
	for _, m := range defineCall.FindAllStringSubmatchIndex(content, -1) {
		args, ok := parenthesised(content[m[1]:])
		if !ok {
			continue
		}
		p, err := definedCall(args, m[2] >= 0)
		if err != nil {
			return nil, err
		}
		if p.entry != "" {
			found = append(found, p)
		}
	}
	for _, m := range plainCall.FindAllStringSubmatchIndex(content, -1) {
		args, ok := parenthesised(content[m[1]:])
		rest := strings.TrimSpace(content[min(m[1]+len(args)+1, len(content)):])
		name := content[m[2]:m[3]]
		if !ok || !strings.HasPrefix(rest, "{") || strings.HasPrefix(name, "sys32_") {
			continue // a declaration only, or for 32-bit programs on 64-bit kernels
		}
		p, err := parsePrototype(entryName(name) + "(" + cleanParams(args) + ")")
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

// parenthesised gives the text up to the parenthesis that closes it.
func parenthesised(text string) (string, bool) {
	depth := 1
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i], true
			}
		}
	}
	return "", false
}

func cleanParams(params string) string {
	params = strings.Join(strings.Fields(annotation.ReplaceAllString(params, " ")), " ")
	if params == "void" {
		return ""
	}
	return params
}

// definedCall reads the arguments of SYSCALL_DEFINEx: the name, and then type
// and name of each parameter. Those that a macro writes are left out, with an
// empty entry: they are for 32-bit programs on 64-bit kernels.
func definedCall(args string, compat bool) (prototype, error) {
	fields := strings.Split(cleanParams(args), ",")
	p := prototype{entry: strings.TrimSpace(fields[0])}
	if compat {
		p.entry = "compat_" + p.entry
	}
	fields = fields[1:]
	if strings.ContainsAny(args, "()#") || p.entry == "" || len(fields) > 12 {
		return prototype{}, nil
	}
	if len(fields)%2 != 0 {
		return prototype{}, fmt.Errorf("SYSCALL_DEFINE of %s: an argument has no type or no name", p.entry)
	}
	for i := 0; i < len(fields); i += 2 {
		q, err := parseParam(fields[i] + " " + fields[i+1])
		if err != nil {
			return prototype{}, fmt.Errorf("SYSCALL_DEFINE of %s: %w", p.entry, err)
		}
		p.params = append(p.params, q)
	}
	return p, nil
}

// needed drops what no table refers to, and what the running kernel says
// itself: architectures' own entry points are always kept.
func needed(all map[string][]prototype, tables map[string][]tableLine, arches []*arch, running map[string]prototype) map[string][]prototype {
	kept := map[string][]prototype{}
	for _, a := range arches {
		for _, c := range tables[a.name] {
			own := a.sourceDir + "/" + c.entry
			if all[own] != nil {
				kept[own] = all[own]
				continue
			}
			_, known := running[c.entry]
			if len(all[c.entry]) > 1 || len(all[c.entry]) == 1 && !known {
				kept[c.entry] = all[c.entry]
			}
		}
	}
	return kept
}

const declarationsHead = `# Entry points of system calls as the kernel's source declares them. Written by
# mksyscalls -extract.
#
# They are those that the running kernel of prototypes.txt does not have: built
# without, of another architecture (mips/mips_mmap), or compat_, for companions.
# An entry point with several lines is declared as the configuration says;
# corrections.txt tells which architecture has which.

`

func (d *declarations) format() []byte {
	var b strings.Builder
	b.WriteString(declarationsHead)
	fmt.Fprintf(&b, "kernel %s\n\n", d.kernel)
	for _, key := range slices.Sorted(maps.Keys(d.calls)) {
		dir := key[:strings.LastIndexByte(key, '/')+1]
		for _, p := range d.calls[key] {
			fmt.Fprintf(&b, "%s%v\n", dir, p)
		}
	}
	return []byte(b.String())
}

func readDeclarationsFile(path string) (*declarations, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseDeclarations(lines)
}

func parseDeclarations(lines []line) (*declarations, error) {
	d := &declarations{calls: map[string][]prototype{}}
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l.text, "kernel "); ok {
			d.kernel = rest
			continue
		}
		dir, text, own := strings.Cut(l.text, "/")
		if !own {
			dir, text = "", l.text
		} else {
			dir += "/"
		}
		p, err := parsePrototype(text)
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		d.calls[dir+p.entry] = append(d.calls[dir+p.entry], p)
	}
	if d.kernel == "" {
		return nil, errors.New(declarationsFile + ": the kernel's release is missing")
	}
	return d, nil
}
