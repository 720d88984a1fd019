package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const entriesFile = "data/entries.txt"

// noEntry stands for sys_ni_syscall: a number without a call behind it.
const noEntry = "-"

// entries is data/entries.txt: the entry points that the kernel's own tables
// give, where they are not called as the call is.
type entries struct {
	kernel string                       // release of the source
	byCall map[string]map[string]string // name, architecture, entry point
}

// of gives the entry point of a call.
func (e *entries) of(name, arch string) string {
	if entry, ok := e.byCall[name][arch]; ok {
		return entry
	}
	return name
}

// A tableLine is one line of a kernel table: NUMBER ABI NAME [ENTRY [COMPAT…]].
type tableLine struct {
	nr          uint32
	name, entry string
}

// entryName drops what all entry points begin with.
func entryName(symbol string) string {
	if rest, ok := strings.CutPrefix(symbol, "compat_sys_"); ok {
		return "compat_" + rest
	}
	return strings.TrimPrefix(symbol, "sys_")
}

// readKernelTable reads the lines of one architecture in the kernel's source.
func readKernelTable(source string, a *arch) ([]tableLine, error) {
	lines, err := readLines(filepath.Join(source, a.tableFile))
	if err != nil {
		return nil, err
	}
	var calls []tableLine
	for _, l := range lines {
		f := strings.Fields(l.text)
		if len(f) < 3 {
			return nil, l.errorf("%q is not NUMBER ABI NAME", l.text)
		}
		if !slices.Contains(a.abis, f[1]) {
			continue
		}
		nr, err := strconv.ParseUint(f[0], 10, 32)
		if err != nil {
			return nil, l.errorf("%q is not a number", f[0])
		}
		call := tableLine{nr: a.base + uint32(nr), name: f[2], entry: noEntry}
		if len(f) > 3 && f[3] != "sys_ni_syscall" && f[3] != "-" {
			call.entry = entryName(f[3])
		}
		calls = append(calls, call)
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("%s has no line for %s (%s)", a.tableFile, a.name, strings.Join(a.abis, ","))
	}
	return calls, nil
}

// armPrivate finds the calls of arm that no table lists.
var armPrivate = regexp.MustCompile(`(?m)^#define __ARM_NR_(\w+)\s+\(__ARM_NR_BASE\+(\d+)\)`)

// armPrivateBase is __ARM_NR_BASE of arch/arm/include/uapi/asm/unistd.h for EABI.
const armPrivateBase = 0x0f0000

// readPrivate reads an architecture's private calls, which only arm has.
func readPrivate(source string, a *arch) ([]tableLine, error) {
	if a.sourceDir != "arm" {
		return nil, nil
	}
	header, err := os.ReadFile(filepath.Join(source, "arch/arm/include/uapi/asm/unistd.h"))
	if err != nil {
		return nil, err
	}
	var calls []tableLine
	for _, m := range armPrivate.FindAllStringSubmatch(string(header), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, err
		}
		calls = append(calls, tableLine{uint32(armPrivateBase + n), m[1], "arm_" + m[1]})
	}
	return calls, nil
}

// readKernelTables reads the tables of every architecture.
func readKernelTables(source string, arches []*arch) (map[string][]tableLine, error) {
	tables := map[string][]tableLine{}
	for _, a := range arches {
		calls, err := readKernelTable(source, a)
		if err != nil {
			return nil, err
		}
		private, err := readPrivate(source, a)
		if err != nil {
			return nil, err
		}
		tables[a.name] = append(calls, private...)
	}
	return tables, nil
}

// extractEntries keeps of the tables what their names do not tell.
func extractEntries(kernel string, tables map[string][]tableLine) *entries {
	e := &entries{kernel: kernel, byCall: map[string]map[string]string{}}
	for arch, calls := range tables {
		for _, c := range calls {
			if c.entry == c.name {
				continue
			}
			if e.byCall[c.name] == nil {
				e.byCall[c.name] = map[string]string{}
			}
			e.byCall[c.name][arch] = c.entry
		}
	}
	return e
}

const entriesHead = `# The entry points of system calls that are not called as the call is. Written
# by mksyscalls -extract, from the tables in the kernel's source (syscall*.tbl).
#
#   CALL ENTRY ARCHITECTURES
#
# ENTRY is the symbol without sys_ before it. "-": the number has no call behind
# it in that release. The tables' column for 32-bit programs on a 64-bit kernel is
# not read: it says how that kernel does what a 32-bit one does.

`

func (e *entries) format() []byte {
	var b strings.Builder
	b.WriteString(entriesHead)
	fmt.Fprintf(&b, "kernel %s\n\n", e.kernel)
	for _, name := range slices.Sorted(maps.Keys(e.byCall)) {
		arches := map[string][]string{}
		for _, arch := range slices.Sorted(maps.Keys(e.byCall[name])) {
			entry := e.byCall[name][arch]
			arches[entry] = append(arches[entry], arch)
		}
		for _, entry := range slices.Sorted(maps.Keys(arches)) {
			fmt.Fprintf(&b, "%s %s %s\n", name, entry, strings.Join(arches[entry], ","))
		}
	}
	return []byte(b.String())
}

func readEntries(path string) (*entries, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseEntries(lines)
}

func parseEntries(lines []line) (*entries, error) {
	e := &entries{byCall: map[string]map[string]string{}}
	for _, l := range lines {
		f := strings.Fields(l.text)
		if f[0] == "kernel" && len(f) == 2 {
			e.kernel = f[1]
			continue
		}
		if len(f) != 3 {
			return nil, l.errorf("%q is not CALL ENTRY ARCHITECTURES", l.text)
		}
		if e.byCall[f[0]] == nil {
			e.byCall[f[0]] = map[string]string{}
		}
		for arch := range strings.SplitSeq(f[2], ",") {
			e.byCall[f[0]][arch] = f[1]
		}
	}
	if e.kernel == "" {
		return nil, errors.New(entriesFile + ": the kernel's release is missing")
	}
	return e, nil
}
