package profile

import (
	"slices"

	"github.com/gocurb/curb/filter"
)

// Names as in the OCI runtime specification (config-linux.md, "Seccomp").

// actions are those without a number. ERRNO and TRACE have one.
var actions = map[string]filter.Action{
	"SCMP_ACT_KILL":         filter.KillThread,
	"SCMP_ACT_KILL_THREAD":  filter.KillThread,
	"SCMP_ACT_KILL_PROCESS": filter.KillProcess,
	"SCMP_ACT_TRAP":         filter.Trap,
	"SCMP_ACT_ERRNO":        filter.Errno(0),
	"SCMP_ACT_TRACE":        filter.Trace(0),
	"SCMP_ACT_ALLOW":        filter.Allow,
	"SCMP_ACT_LOG":          filter.Log,
	"SCMP_ACT_NOTIFY":       filter.Notify,
}

// data is the part of an action that is its number (SECCOMP_RET_DATA).
const data filter.Action = 0xffff

// actionName gives the name of an action, "" where there is none.
func actionName(a filter.Action) string {
	for name, action := range actions {
		if a&^data == action && name != "SCMP_ACT_KILL" {
			return name
		}
	}
	return ""
}

// numbered says whether an action has a number.
func numbered(a filter.Action) bool {
	return a&^data == filter.Errno(0) || a&^data == filter.Trace(0)
}

const maskedEqual = "SCMP_CMP_MASKED_EQ"

var operators = map[string]filter.Op{
	"SCMP_CMP_EQ": filter.Equal,
	"SCMP_CMP_NE": filter.NotEqual,
	"SCMP_CMP_LT": filter.Less,
	"SCMP_CMP_LE": filter.LessOrEqual,
	"SCMP_CMP_GT": filter.Greater,
	"SCMP_CMP_GE": filter.GreaterOrEqual,
	maskedEqual:   filter.Equal,
}

// architectures are libseccomp's names, and those of the tables of package
// syscalls, empty where there is none.
var architectures = map[string]string{
	"SCMP_ARCH_X86":         "386",
	"SCMP_ARCH_X86_64":      "amd64",
	"SCMP_ARCH_X32":         "x32",
	"SCMP_ARCH_ARM":         "arm",
	"SCMP_ARCH_AARCH64":     "arm64",
	"SCMP_ARCH_LOONGARCH64": "loong64",
	"SCMP_ARCH_MIPS":        "mips",
	"SCMP_ARCH_MIPS64":      "mips64",
	"SCMP_ARCH_MIPS64N32":   "n32",
	"SCMP_ARCH_MIPSEL":      "mipsle",
	"SCMP_ARCH_MIPSEL64":    "mips64le",
	"SCMP_ARCH_MIPSEL64N32": "n32le",
	"SCMP_ARCH_PPC64":       "ppc64",
	"SCMP_ARCH_PPC64LE":     "ppc64le",
	"SCMP_ARCH_RISCV64":     "riscv64",
	"SCMP_ARCH_S390X":       "s390x",
	"SCMP_ARCH_M68K":        "",
	"SCMP_ARCH_PARISC":      "",
	"SCMP_ARCH_PARISC64":    "",
	"SCMP_ARCH_PPC":         "",
	"SCMP_ARCH_S390":        "",
	"SCMP_ARCH_SH":          "",
	"SCMP_ARCH_SHEB":        "",
}

func archName(table string) string {
	for name, t := range architectures {
		if t == table {
			return name
		}
	}
	return ""
}

// flags are those of seccomp(2) that a profile can ask for.
var flags = []string{
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
}

func knownFlag(name string) bool { return slices.Contains(flags, name) }
