package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const constantsFile = "data/constants.txt"

// constants is data/constants.txt: the values of named constants by name, then
// by architecture.
type constants map[string]map[string]uint64

// goConstant is a constant in golang.org/x/sys: a number or a signal.
var goConstant = regexp.MustCompile(`(?m)^\s+(\w+)\s+= (?:syscall\.Signal\()?(-?(?:0x)?[0-9a-f]+)\)?$`)

// constants reads the values of one architecture of Go.
func (x *xsys) constants(goarch string) (map[string]uint64, error) {
	values := map[string]uint64{}
	for _, name := range []string{"zerrors_linux.go", "ztypes_linux.go", "zerrors_linux_" + goarch + ".go", "ztypes_linux_" + goarch + ".go"} {
		path := filepath.Join(x.dir, "unix", name)
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, m := range goConstant.FindAllSubmatch(content, -1) {
			value, err := parseValue(string(m[2]))
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, m[1], err)
			}
			values[string(m[1])] = value
		}
	}
	return values, nil
}

// parseValue reads a number, which may be negative.
func parseValue(text string) (uint64, error) {
	if strings.HasPrefix(text, "-") {
		value, err := strconv.ParseInt(text, 0, 64)
		return uint64(value), err
	}
	return strconv.ParseUint(text, 0, 64)
}

// extractConstants reads what the flag sets name. A companion has the values of
// its architecture.
func extractConstants(x *xsys, arches []*arch, sets *flagSets) (constants, error) {
	c := constants{}
	for _, a := range arches {
		of := a.name
		if a.companionOf != "" {
			of = a.companionOf
		}
		values, err := x.constants(of)
		if err != nil {
			return nil, err
		}
		for name, value := range values {
			if !sets.mention(name) {
				continue
			}
			if c[name] == nil {
				c[name] = map[string]uint64{}
			}
			c[name][a.name] = value
		}
	}
	return c, nil
}

const constantsHead = `# The values of the constants that flagsets.txt names. Written by
# mksyscalls -extract, from golang.org/x/sys.
#
#   NAME VALUE [ARCHITECTURES=VALUE…]
#
# The first value is that of most architectures. "-": they do not have it.

`

func (c constants) format(arches []*arch) []byte {
	var b strings.Builder
	b.WriteString(constantsHead)
	for _, name := range slices.Sorted(maps.Keys(c)) {
		groups := map[string][]string{}
		for _, a := range arches {
			value := "-"
			if v, ok := c[name][a.name]; ok {
				value = fmt.Sprintf("%#x", v)
			}
			groups[value] = append(groups[value], a.name)
		}
		values := slices.SortedFunc(maps.Keys(groups), func(v, w string) int {
			if d := len(groups[w]) - len(groups[v]); d != 0 {
				return d
			}
			return strings.Compare(v, w)
		})
		fmt.Fprintf(&b, "%s %s", name, values[0])
		for _, v := range values[1:] {
			fmt.Fprintf(&b, " %s=%s", strings.Join(groups[v], ","), v)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func readConstants(path string, arches []*arch) (constants, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseConstants(lines, arches)
}

func parseConstants(lines []line, arches []*arch) (constants, error) {
	c := constants{}
	for _, l := range lines {
		name, values, err := l.constant(l.text, arches)
		if err != nil {
			return nil, err
		}
		if c[name] != nil {
			return nil, l.errorf("%s is there twice", name)
		}
		c[name] = values
	}
	return c, nil
}

// constant reads NAME VALUE [ARCH,ARCH=VALUE…].
func (l line) constant(text string, arches []*arch) (string, map[string]uint64, error) {
	f := strings.Fields(text)
	if len(f) < 2 {
		return "", nil, l.errorf("%q is not NAME VALUE [ARCHITECTURES=VALUE…]", text)
	}
	values := map[string]uint64{}
	set := func(arch, value string) error {
		delete(values, arch)
		if value == "-" {
			return nil
		}
		v, err := parseValue(value)
		if err != nil {
			return l.errorf("%s: %q is not a number", f[0], value)
		}
		values[arch] = v
		return nil
	}
	for _, a := range arches {
		if err := set(a.name, f[1]); err != nil {
			return "", nil, err
		}
	}
	for _, group := range f[2:] {
		list, value, _ := strings.Cut(group, "=")
		for arch := range strings.SplitSeq(list, ",") {
			if archNamed(arches, arch) == nil {
				return "", nil, l.errorf("%s: architecture %q is not in architectures.txt", f[0], arch)
			}
			if err := set(arch, value); err != nil {
				return "", nil, err
			}
		}
	}
	return f[0], values, nil
}
