package record

// The programs and maps are one object for each architecture, and so are their
// files in Go: zrecord_x86_bpfel.go and zrecord_arm64_bpfel.go.
//
//go:generate go tool -modfile=../tools/go.mod bpf2go -go-package record -target amd64,arm64 -tags linux -no-global-types -output-stem zrecord bpf bpf/record.c -- -O2 -Wall -Werror
