package syscalls

import "strings"

// An arch is what is known of an architecture without its table.
type arch struct {
	name  string
	audit uint32
}

// Architectures gives the GOARCH names of the architectures on which a system
// call of that name exists, sorted, from all the Linux architectures of Go: 386,
// amd64, arm, arm64, loong64, mips, mips64, mips64le, mipsle, ppc64, ppc64le,
// riscv64 and s390x. It is empty for a name that none of these has. Companions are
// not among them. It links no table in.
func Architectures(name string) []string {
	i := 0
	for known := range strings.SplitSeq(callNames, " ") {
		if known == name {
			return archList(callArches[i])
		}
		i++
	}
	return nil
}

func archList(set uint16) []string {
	var list []string
	for bit, a := range archs[:ofGo] {
		if set>>bit&1 != 0 {
			list = append(list, a.name)
		}
	}
	return list
}

// ArchName gives the name of the table that is for an AUDIT_ARCH_… number of
// linux/audit.h, and "" where there is none. The number of amd64 is that of x32
// too: which of them a call is tells its number. It links no table in.
func ArchName(audit uint32) string {
	for _, a := range archs {
		if a.audit == audit {
			return a.name
		}
	}
	return ""
}
