package syscalls

import "strings"

// Architectures gives the GOARCH names of the architectures on which a system
// call of that name exists, sorted, from all the Linux architectures of Go: 386,
// amd64, arm, arm64, loong64, mips, mips64, mips64le, mipsle, ppc64, ppc64le,
// riscv64 and s390x. It is empty for a name that no architecture has. It links no
// table in.
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
	for bit, arch := range archNames {
		if set>>bit&1 != 0 {
			list = append(list, arch)
		}
	}
	return list
}
