package main

// What go needs to find the modules in subdirectories.
var workspace = []string{"GOWORK={dir}/go.work"}

// Programs that do something and end, built from modules at the versions of
// testdata/tools/go.mod.
var tools = []program{
	{
		pkg: "github.com/evanw/esbuild/cmd/esbuild", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{"bundle/main.js", "--bundle", "--minify", "--sourcemap", "--outfile=out.js"}},
			{args: []string{"bundle/broken.js", "--bundle"}, exit: 1},
			{args: []string{"--servedir=site", "--serve=127.0.0.1:{port}", "--watch=forever"}, exit: 128 + 15, drive: pages},
		},
	},
	{
		pkg: "github.com/itchyny/gojq/cmd/gojq", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{".list | add", "data.json"}},
			{args: []string{"[range(100000)] | map(tostring) | add | length"}, stdin: "{}"},
			{args: []string{".", "broken.json"}, exit: 5},
			{args: []string{".", "missing.json"}, exit: 5},
		},
	},
	{
		name: "yq", pkg: "github.com/mikefarah/yq/v4", set: "tools",
		ways: []way{
			{args: []string{".nested.a", "data.yaml"}},
			{args: []string{"-i", ".list += 4", "data.yaml"}},
			{args: []string{"-o=xml", ".", "data.json"}},
			{args: []string{".", "missing.yaml"}, exit: 1},
		},
	},
	{
		pkg: "filippo.io/age/cmd/age", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{"-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", "sealed", "data.json"}},
			{args: []string{"-r", "nobody", "data.json"}, exit: 1},
			{args: []string{"-d", "-i", "missing", "data.json"}, exit: 1},
			{args: []string{"-p", "data.json"}, exit: 1},
		},
	},
	{
		pkg: "honnef.co/go/tools/cmd/staticcheck", set: "tools", starts: started,
		ways: []way{
			{args: []string{"-checks=all", "./good"}, env: workspace, exit: 1},
			{args: []string{"./broken"}, env: workspace, exit: 1},
			{args: []string{"-debug.version"}},
		},
	},
	{
		pkg: "mvdan.cc/sh/v3/cmd/shfmt", set: "tools", ci: true,
		ways: []way{
			{args: []string{"-d", "-i", "8", "script.sh"}, exit: 1},
			{args: []string{"-w", "."}},
			{args: []string{"-tojson"}, stdin: "echo $((1 + 2)); f() { echo; }"},
			{stdin: "if true; then", exit: 1},
		},
	},
	{
		pkg: "mvdan.cc/sh/v3/cmd/gosh", set: "tools", starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"script.sh"}, exit: 7},
			{args: []string{"missing.sh"}, exit: 1},
			{stdin: "echo hello; false || {prep}/good.exe; ! no_such_program"},
		},
	},
	{
		pkg: "github.com/junegunn/fzf", set: "tools", ci: true,
		ways: []way{
			{args: []string{"--filter", "ba"}, stdin: "foo\nbar\nbaz\n"},
			{args: []string{"--filter", "nothing"}, stdin: "foo\nbar\n", exit: 1},
			{args: []string{"--no-such-flag"}, exit: 2},
		},
	},
	{
		// It confines itself on all threads, and becomes another program.
		pkg: "github.com/landlock-lsm/go-landlock/cmd/landlock-restrict", set: "tools", ci: true, faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"-ro", "/", "--", "{prep}/good.exe"}},
			{args: []string{"-ro", "/missing", "--", "{prep}/good.exe"}, exit: 1},
			{args: []string{}, exit: 1},
		},
	},
}
