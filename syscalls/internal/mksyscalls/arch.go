package main

import (
	"slices"
	"strconv"
	"strings"
)

// auditLittleEndian is __AUDIT_ARCH_LE of linux/audit.h.
const auditLittleEndian = 0x40000000

// An arch is one line of architectures.txt.
type arch struct {
	name       string // GOARCH's
	auditName  string // AUDIT_ARCH_…
	audit      uint32
	fullTable  bool
	headerFile string            // relative to an include directory; "" when not read
	macros     map[string]string // defined before the header is read
}

func (a *arch) bigEndian() bool { return a.audit&auditLittleEndian == 0 }

// goName gives the exported Go name of the architecture's table.
func (a *arch) goName() string {
	if a.name[0] >= '0' && a.name[0] <= '9' {
		return "I" + a.name // 386
	}
	return strings.ToUpper(a.name)
}

func archNamed(arches []*arch, name string) *arch {
	i := slices.IndexFunc(arches, func(a *arch) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	return arches[i]
}

func readArches(path string) ([]*arch, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	var arches []*arch
	for _, l := range lines {
		a, err := parseArch(l)
		if err != nil {
			return nil, err
		}
		if archNamed(arches, a.name) != nil {
			return nil, l.errorf("%s is there twice", a.name)
		}
		arches = append(arches, a)
	}
	if !slices.IsSortedFunc(arches, func(a, b *arch) int { return strings.Compare(a.name, b.name) }) {
		return nil, lines[0].errorf("the architectures are not sorted by name")
	}
	if len(arches) > 16 {
		return nil, lines[16].errorf("more architectures than the 16 bits in which the names' architectures are kept")
	}
	return arches, nil
}

func parseArch(l line) (*arch, error) {
	f := strings.Fields(l.text)
	if len(f) < 3 {
		return nil, l.errorf("want: GOARCH AUDIT_ARCH_NAME=VALUE table|names [HEADER [MACRO…]]")
	}
	a := &arch{name: f[0], macros: map[string]string{}}
	name, value, _ := strings.Cut(f[1], "=")
	audit, err := strconv.ParseUint(value, 0, 32)
	if err != nil || !strings.HasPrefix(name, "AUDIT_ARCH_") {
		return nil, l.errorf("%q is not AUDIT_ARCH_NAME=VALUE", f[1])
	}
	a.auditName, a.audit = name, uint32(audit)
	switch f[2] {
	case "table":
		a.fullTable = true
	case "names":
	default:
		return nil, l.errorf("%q is neither \"table\" (generate the full table) nor \"names\" (only which calls exist)", f[2])
	}
	if len(f) > 3 {
		a.headerFile = f[3]
	}
	for _, m := range f[min(4, len(f)):] {
		a.macros[m] = ""
	}
	return a, nil
}
