package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const prototypesFile = "data/prototypes.txt"

// A prototype is the declaration of a system call's entry point. The entry
// point of stat is newstat, that of umount2 is umount.
type prototype struct {
	entry  string
	params []param
}

type param struct {
	name string
	typ  string // as C writes it, without the name
}

func (p prototype) String() string {
	params := make([]string, len(p.params))
	for i, q := range p.params {
		params[i] = q.String()
	}
	return p.entry + "(" + strings.Join(params, ", ") + ")"
}

func (p param) String() string {
	if strings.HasSuffix(p.typ, "*") {
		return p.typ + p.name
	}
	return p.typ + " " + p.name
}

var (
	cPrototype = regexp.MustCompile(`^(\w+)\((.*)\)$`)
	cParam     = regexp.MustCompile(`^(.*\W)(\w+)$`)
	starSpace  = regexp.MustCompile(`\s*\*\s*`)
)

func parsePrototype(text string) (prototype, error) {
	m := cPrototype.FindStringSubmatch(text)
	if m == nil {
		return prototype{}, fmt.Errorf("%q is not NAME(TYPE NAME, …)", text)
	}
	p := prototype{entry: m[1]}
	if m[2] == "" {
		return p, nil
	}
	for part := range strings.SplitSeq(m[2], ",") {
		q, err := parseParam(part)
		if err != nil {
			return prototype{}, err
		}
		p.params = append(p.params, q)
	}
	if len(p.params) > 6 {
		return prototype{}, fmt.Errorf("%s has %d arguments, the kernel takes 6 at most", p.entry, len(p.params))
	}
	return p, nil
}

func parseParam(text string) (param, error) {
	m := cParam.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return param{}, fmt.Errorf("%q is not TYPE NAME", text)
	}
	typ := normalType(m[1])
	if typ == "" {
		return param{}, fmt.Errorf("%q is not TYPE NAME", text)
	}
	return param{m[2], typ}, nil
}

// normalType brings the spellings of one C type to one form, and leaves out
// what says only that the kernel does not change its own copy of an argument:
// "const int" is int, "void *const" is "void *".
func normalType(typ string) string {
	typ = strings.Join(strings.Fields(starSpace.ReplaceAllString(typ, " * ")), " ")
	typ = strings.NewReplacer("* *", "**", "* const", "*const").Replace(typ)
	if trimmed, ok := strings.CutSuffix(typ, "*const"); ok {
		typ = trimmed + "*"
	}
	if !strings.Contains(typ, "*") {
		typ = strings.TrimPrefix(typ, "const ")
	}
	return typ
}

// cKeyword gives the width in bits of C's own integer types where long has 64
// bits, by their decisive word.
var cKeyword = map[string]int{"long": 64, "int": 32, "unsigned": 32, "short": 16, "char": 8}

// typeBits gives the width of a parameter's type. sizes has the typedefs and
// the enums.
func typeBits(typ string, sizes map[string]int) (int, error) {
	if strings.HasSuffix(typ, "*") {
		return 64, nil
	}
	if bits, ok := sizes[typ]; ok {
		return bits, nil
	}
	words := strings.Fields(typ)
	for _, decisive := range []string{"long", "short", "char", "int", "unsigned"} {
		if slices.Contains(words, decisive) {
			return cKeyword[decisive], nil
		}
	}
	return 0, fmt.Errorf("the size of type %q is not known", typ)
}

// prototypes is data/prototypes.txt: what the running kernel says of itself.
type prototypes struct {
	kernel string // release and GOARCH, "6.18.44 amd64"
	calls  map[string]prototype
	sizes  map[string]int // bits of the typedefs and enums that calls are declared with
}

// arch gives the architecture of the running kernel.
func (p *prototypes) arch() string { return p.kernel[strings.LastIndexByte(p.kernel, ' ')+1:] }

const prototypesHead = `# The system calls of a running kernel as they are declared there. Written by
# mksyscalls -extract.
#
# The prototypes come from tracefs (events/syscalls/sys_enter_*/format), under
# the name of the kernel's entry point (stat's is newstat). The sizes of the
# types, in bits, come from its BTF (/sys/kernel/btf/vmlinux). Calls that this
# kernel was built without, and those of other architectures, are in
# declarations.txt and corrections.txt.

`

func (p *prototypes) format() []byte {
	var b strings.Builder
	b.WriteString(prototypesHead)
	fmt.Fprintf(&b, "kernel %s\n\n", p.kernel)
	for _, name := range slices.Sorted(maps.Keys(p.sizes)) {
		fmt.Fprintf(&b, "type %s %d\n", name, p.sizes[name])
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(p.calls)) {
		fmt.Fprintln(&b, p.calls[name])
	}
	return []byte(b.String())
}

func readPrototypes(path string) (*prototypes, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parsePrototypes(lines)
}

func parsePrototypes(lines []line) (*prototypes, error) {
	p := &prototypes{calls: map[string]prototype{}, sizes: map[string]int{}}
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l.text, "kernel "); ok {
			p.kernel = rest
			continue
		}
		if rest, ok := strings.CutPrefix(l.text, "type "); ok {
			i := strings.LastIndexByte(rest, ' ')
			bits, err := strconv.Atoi(rest[i+1:])
			if i < 0 || err != nil {
				return nil, l.errorf("%q is not: type NAME BITS", l.text)
			}
			p.sizes[rest[:i]] = bits
			continue
		}
		call, err := parsePrototype(l.text)
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		if _, twice := p.calls[call.entry]; twice {
			return nil, l.errorf("%s is there twice", call.entry)
		}
		p.calls[call.entry] = call
	}
	if p.kernel == "" || len(p.calls) == 0 {
		return nil, errors.New(prototypesFile + ": the kernel's release or the prototypes are missing")
	}
	return p, nil
}
