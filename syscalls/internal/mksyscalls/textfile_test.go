package main

import (
	"strings"
	"testing"
)

var testArches = []*arch{{name: "amd64", bits: 64, sourceDir: "x86"}, {name: "arm64", bits: 64, sourceDir: "arm64"}}

// Each mistake in a hand-written file is reported with its file and line.
func TestMistakesInFiles(t *testing.T) {
	parse := map[string]func(lines []line) error{
		correctionsFile: func(lines []line) error {
			_, err := parseCorrections(lines, testArches)
			return err
		},
		enosysFile: func(lines []line) error {
			_, err := parseENOSYS(lines, testArches)
			return err
		},
		architecturesFile: func(lines []line) error {
			_, err := parseArch(lines[0])
			return err
		},
		numbersFile: func(lines []line) error {
			_, err := parseNumbers(lines)
			return err
		},
		prototypesFile: func(lines []line) error {
			_, err := parsePrototypes(lines)
			return err
		},
		constantsFile: func(lines []line) error {
			_, err := parseConstants(lines, testArches)
			return err
		},
		flagSetsFile: func(lines []line) error {
			_, err := parseFlagSets(lines, testArches)
			return err
		},
		entriesFile: func(lines []line) error {
			_, err := parseEntries(lines)
			return err
		},
		declarationsFile: func(lines []line) error {
			_, err := parseDeclarations(lines)
			return err
		},
	}
	for _, test := range []struct{ file, text, want string }{
		{correctionsFile, "width mmap fd 32", ":3: \"width mmap fd 32\" gives no reason"},
		{correctionsFile, "width mmap fd 32 #", ":3: \"width mmap fd 32 #\" gives no reason"},
		{correctionsFile, "width mmap fd 16 # why", ":3: width mmap fd: \"16\" is neither 32 nor 64"},
		{correctionsFile, "width mmap fd # why", ":3: \"width mmap fd\" is none of"},
		{correctionsFile, "widht mmap fd 32 # why", ":3: \"widht mmap fd 32\" is none of"},
		{correctionsFile, "width # why", ":3: width: which system call?"},
		{correctionsFile, "width @amd64 fd 32 # why", ":3: width: \"@amd64\" names no system call"},
		{correctionsFile, "width mmap@vax fd 32 # why", ":3: width: \"mmap@vax\": architecture \"vax\" is not in architectures.txt"},
		{correctionsFile, "proto kexec_load # why", ":3: proto: \"kexec_load(\" is not NAME(TYPE NAME, …)"},
		{correctionsFile, "proto kexec_load(entry) # why", ":3: proto: \"entry\" is not TYPE NAME"},
		{correctionsFile, "proto f(int a, int b, int c, int d, int e, int f, int g) # why", ":3: proto: f has 7 arguments"},
		{correctionsFile, "ignore [ # why", ":3: \"[\" is not a name or pattern"},
		{correctionsFile, "ignore # why", ":3: \"\" is not a name or pattern"},
		{correctionsFile, "entry stat # why", ":3: \"entry stat\" is none of"},
		{enosysFile, "statx", ":3: \"statx\" gives no reason"},
		{enosysFile, "statx@vax # why", ":3: \"statx@vax\": architecture \"vax\""},
		{enosysFile, "statx # why\nstatx # again", ":4: statx is there twice"},
		{architecturesFile, "amd64", ":3: want: NAME AUDIT"},
		{architecturesFile, "amd64 AUDIT_ARCH_X86_64 table=t abis=64 source=x86", ":3: \"AUDIT_ARCH_X86_64\" is not AUDIT_ARCH_NAME=VALUE"},
		{architecturesFile, "amd64 AUDIT_ARCH_X86_64=0x1 full", ":3: \"full\" is none of"},
		{architecturesFile, "amd64 AUDIT_ARCH_X86_64=0x1 table=t source=x86", ":3: amd64 lacks table=, abis= or source="},
		{architecturesFile, "amd64 AUDIT_ARCH_X86_64=0x1 bits=16", ":3: \"bits=16\" is none of"},
		{architecturesFile, "386 AUDIT_ARCH_I386=0x1 bits=32 table=t abis=i386 source=x86", ":3: 386: pairs= is for registers of 32 bits"},
		{architecturesFile, "amd64 AUDIT_ARCH_X86_64=0x1 pairs=even table=t abis=64 source=x86", ":3: amd64: pairs= is for registers of 32 bits"},
		{numbersFile, "name amd64 arm64\nread 0", ":4: 1 numbers for 2 architectures"},
		{numbersFile, "name amd64\nread zero", ":4: read: \"zero\" is not a number"},
		{numbersFile, "name amd64\nread 0\nread 0", ":5: read is there twice"},
		{numbersFile, "headers 6.1", "the sources or the numbers are missing"},
		{prototypesFile, "read(int fd", ":3: \"read(int fd\" is not NAME"},
		{prototypesFile, "read(int fd)\nread(int fd)", ":4: read is there twice"},
		{prototypesFile, "type int", ":3: \"type int\" is not: type NAME BITS"},
		{prototypesFile, "type", ":3: \"type\" is not NAME"},
		{entriesFile, "stat newstat", ":3: \"stat newstat\" is not CALL ENTRY ARCHITECTURES"},
		{entriesFile, "stat newstat amd64", "the kernel's release is missing"},
		{constantsFile, "O_APPEND", ":3: \"O_APPEND\" is not NAME VALUE"},
		{constantsFile, "O_APPEND eight", ":3: O_APPEND: \"eight\" is not a number"},
		{constantsFile, "O_APPEND 8 vax=9", ":3: O_APPEND: architecture \"vax\" is not in"},
		{constantsFile, "O_APPEND 8\nO_APPEND 8", ":4: O_APPEND is there twice"},
		{flagSetsFile, "set open", ":3: \"set open\" is not: set NAME CALL.ARGUMENT…"},
		{flagSetsFile, "flags O_APPEND", ":3: \"flags O_APPEND\" belongs to no set"},
		{flagSetsFile, "const O_APPEND 8", ":3: \"const O_APPEND 8\" gives no reason"},
		{flagSetsFile, "set open open.flags\nfield 3", ":4: \"field 3\" is not: field MASK TERM…"},
		{flagSetsFile, "set open open.flags\nflags O_[", ":4: error parsing regexp"},
		{flagSetsFile, "set open open.flags\nflag O_APPEND", ":4: \"flag O_APPEND\" is none of"},
		{declarationsFile, "arm/mmap2", ":3: \"mmap2\" is not NAME"},
		{declarationsFile, "nice(int increment)", "the kernel's release is missing"},
	} {
		err := parse[test.file](splitLines(test.file, "# a comment\n\n"+test.text+"\n"))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.file) {
			t.Errorf("%s, %q: got the error %v, want %q", test.file, test.text, err, test.want)
		}
	}
}

// A dataset made by hand: what build says of facts that do not fit together.
func TestMistakesAcrossFiles(t *testing.T) {
	const fine = "none vserver # reserved\n"
	for _, test := range []struct{ corrections, enosys, want string }{
		{fine, "read # why", ""},
		{fine, "", ""},
		{"", "", "vserver on amd64: nothing declares an entry point vserver: add a line"},
		{fine + "width read fd 64 # why", "", ""},
		{fine + "width read fd 32 # why", "", "corrections.txt:2: \"width read fd 32 # why\" is about nothing in the tables"},
		{fine + "width read@amd64 buffer 32 # why", "", "corrections.txt:2: read on amd64 has no argument buffer: it is read(int fd, char *buf)"},
		{fine + "width read buffer 32 # why", "", "corrections.txt:2: \"width read buffer 32 # why\" is about nothing in the tables"},
		{fine + "width reed fd 32 # why", "", "corrections.txt:2: \"width reed fd 32 # why\" is about nothing in the tables"},
		{fine + "ignore unused* # why", "", "corrections.txt:2: \"ignore unused* # why\" is about nothing"},
		{fine + "proto vserver(int a) # why", "", "vserver on amd64 has more than one proto or none line"},
		{"proto vserver(what_t a) # why", "", "vserver on amd64, argument a: the size of type \"what_t\" is not known"},
		{"entry vserver read # why", "", ""},
		{"entry vserver serve # why", "", "nothing declares an entry point serve"},
		{"entry vserver mmap # why", "", ""},
		{"entry vserver clone # why", "", "vserver on amd64: the configuration decides what clone is"},
		{"ignore vserver # why", "", ""},
		{fine, "reed # why", "enosys.txt:1: \"reed # why\" is about nothing in the tables"},
		{fine, "read@arm64 # why", "enosys.txt:1: \"read@arm64 # why\" is about nothing in the tables"},
		{fine + "ignore nothing # why", "reed # why", "enosys.txt:1"}, // both are reported
	} {
		corrections, err := parseCorrections(splitLines(correctionsFile, test.corrections), testArches)
		if err != nil {
			t.Fatal(err)
		}
		enosys, err := parseENOSYS(splitLines(enosysFile, test.enosys), testArches)
		if err != nil {
			t.Fatal(err)
		}
		declared, err := parseDeclarations(splitLines(declarationsFile, "kernel 6.12\nx86/mmap(int a)\nmmap()\nclone(int a)\nclone(int b)\n"))
		if err != nil {
			t.Fatal(err)
		}
		d := &dataset{
			arches: testArches[:1],
			numbers: &numbers{arches: []string{"amd64"}, rows: map[string]map[string]number{
				"read": {"amd64": {nr: 0}}, "vserver": {"amd64": {nr: 236}},
			}},
			entries:  &entries{},
			declared: declared,
			running: &prototypes{kernel: "6.18 arm64", calls: map[string]prototype{
				"read": {"read", []param{{"fd", "int"}, {"buf", "char *"}}},
			}},
			corrections: corrections,
			enosys:      enosys,
		}
		err = d.build()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("with corrections %q and ENOSYS %q: got %v, want %q", test.corrections, test.enosys, err, test.want)
		}
	}
}

func TestMergeNumbers(t *testing.T) {
	kernel := map[string]map[string]uint32{"amd64": {"read": 0, "old": 7}, "arm64": {"read": 63}}
	xsys := map[string]map[string]uint32{"amd64": {"read": 0, "mseal": 462}, "arm64": {"read": 63}}
	rows, err := mergeNumbers(testArches, kernel, xsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name, arch string
		n          number
	}{
		{"read", "amd64", number{0, false}},
		{"old", "amd64", number{7, false}},
		{"mseal", "amd64", number{462, true}},
		{"read", "arm64", number{63, false}},
	} {
		if got, ok := rows[want.name][want.arch]; !ok || got != want.n {
			t.Errorf("%s on %s is %v, want %v", want.name, want.arch, got, want.n)
		}
	}
	xsys["amd64"]["read"] = 1
	_, err = mergeNumbers(testArches, kernel, xsys)
	if want := "read on amd64: the kernel says 0, golang.org/x/sys says 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What a flag set says that is about nothing is reported, and so is what does
// not fit together.
func TestMistakesInFlagSets(t *testing.T) {
	const fine = "set open read.flags\n"
	for _, test := range []struct{ sets, want string }{
		{fine + "field O_ACCMODE O_RDWR\nflags O_APPEND", ""},
		{fine + "flags O_A.*", ""},
		{fine + "flags O_SHLOCK", "flagsets.txt:2: O_SHLOCK: no constant is called so"},
		{fine + "field O_MASK O_RDWR", "flagsets.txt:2: amd64: no value for the mask O_MASK"},
		{fine + "field 1 O_RDWR", "flagsets.txt:2: amd64: O_RDWR = 0x2 is not within the mask 0x1"},
		{"set open read.flag\nflags O_APPEND", "flagsets.txt:1: read.flag: no call has an argument of that name"},
		{fine + "flags O_APPEND\nconst O_APPEND 8 # why", "flagsets.txt:3: O_APPEND has these values without this line: take it out"},
		{fine + "flags O_RDWR\nconst O_DSYNC 8 # why", "flagsets.txt:3: O_DSYNC is in no set"},
		{fine + "flags O_APPEND\nconst O_APPEND 16 # why", ""},
		// O_DSYNC has the value of O_APPEND on amd64, and is not on arm64.
		{fine + "flags O_DSYNC O_APPEND\nconst O_DSYNC 8 arm64=- # why", ""},
		{fine + "flags O_APPEND O_DSYNC\nconst O_DSYNC 8 arm64=- # why", "flagsets.txt:1: amd64: O_APPEND would be written as O_DSYNC"},
	} {
		sets, err := parseFlagSets(splitLines(flagSetsFile, test.sets), testArches)
		if err != nil {
			t.Fatal(err)
		}
		values, err := parseConstants(splitLines(constantsFile, "O_ACCMODE 3\nO_RDWR 2\nO_APPEND 8"), testArches)
		if err != nil {
			t.Fatal(err)
		}
		d := &dataset{
			arches: testArches, flagSets: sets, constants: values,
			tables: []*table{{arch: testArches[0], calls: []call{{name: "read", params: []param{{"flags", "int"}}}}}},
		}
		_, err = d.renderFlags()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q: got %v, want %q", test.sets, err, test.want)
		}
	}
}
