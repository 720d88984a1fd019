package main

// What go needs to find the modules in subdirectories.
var workspace = []string{"GOWORK={dir}/go.work"}

// stubs are programs of names that others look for, all the same one, which prints.
var stubs = []string{"PATH={prep}/bin"}

// Programs that do something and end, built from modules at the versions of
// testdata/tools/go.mod.
var tools = []program{
	{
		pkg: "github.com/evanw/esbuild/cmd/esbuild", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{"bundle/main.js", "--bundle", "--minify", "--sourcemap", "--outfile=out.js"}},
			{args: []string{"bundle/broken.js", "--bundle"}, exit: 1},
			{args: []string{"--servedir=site", "--serve=127.0.0.1:{port}", "--watch=forever"}, exit: 128 + 15, drive: pages},
			{args: []string{"bundle/main.js", "--bundle", "--outdir=out", "--splitting", "--format=esm", "--metafile=meta.json", "--cpuprofile=cpu", "--trace=trace", "--heap=heap"}},
			{args: []string{"--loader=ts"}, stdin: "let a: number = 1"},
			{args: []string{"bundle/main.js", "--bundle", "--watch", "--outfile=out.js", "--log-level=debug"}, stdin: " "},
			{args: []string{"bundle/main.js", "--outfile=/dev/full"}, exit: 1},
			{args: []string{"--service=0.28.2", "--ping"}, stdin: "nonsense"},
			{args: []string{"--bundle", "--loader:.exe=binary", "--outfile=out.js", "{prep}/bin/good.exe"}},
		},
	},
	{
		pkg: "github.com/itchyny/gojq/cmd/gojq", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{".list | add", "data.json"}},
			{args: []string{"[range(100000)] | map(tostring) | add | length"}, stdin: "{}"},
			{args: []string{".", "broken.json"}, exit: 5},
			{args: []string{".", "missing.json"}, exit: 5},
			{args: []string{"-r", "-f", "missing.jq"}, exit: 5},
			{args: []string{"-n", "-f", "data.json", "--rawfile", "raw", "script.sh"}},
			{args: []string{"-n", "-L", "site", "import \"missing\" as m; 1"}, exit: 3},
			{args: []string{"-n", "[now | localtime | strftime(\"%Z\")], $ENV, (\"a\" | test(\"b\"))"}, env: []string{"TZ=Europe/Paris"}},
			{args: []string{"-C", ".", "data.json"}, keys: []string{" "}},
		},
	},
	{
		name: "yq", pkg: "github.com/mikefarah/yq/v4", set: "tools", faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{".nested.a", "data.yaml"}},
			{args: []string{"-i", ".list += 4", "data.yaml"}},
			{args: []string{"-o=xml", ".", "data.json"}},
			{args: []string{".", "missing.yaml"}, exit: 1},
			{args: []string{"-s", "$index", ".list[]", "data.yaml"}},
			{args: []string{"-n", "load(\"data.yaml\") | .nested"}},
			{stdin: "a: 1\n", args: []string{".a"}},
			{args: []string{"shell-completion", "bash"}},
			{args: []string{"-n", "--security-enable-system-operator", "\"x\" | system(\"good.exe\")"}, env: stubs},
			{args: []string{"-n", "--security-enable-system-operator", "system(\"missing\")"}, exit: 1},
			{args: []string{"--front-matter=process", ".a = 2"}, stdin: "---\na: 1\n---\ntext\n"},
			{args: []string{"-n", "now | tz(\"Europe/Paris\")"}},
			{args: []string{"-p", "lua", "."}, stdin: "return {a = 1}\n"},
		},
	},
	{
		pkg: "filippo.io/age/cmd/age", set: "tools", ci: true, faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", "sealed", "data.json"}},
			{args: []string{"-r", "nobody", "data.json"}, exit: 1},
			{args: []string{"-d", "-i", "missing", "data.json"}, exit: 1},
			{args: []string{"-p", "data.json"}, exit: 1},
			{args: []string{"-a", "-p", "data.json"}, keys: []string{"open sesame\n", "open sesame\n"}},
			{args: []string{"-a", "-p", "data.json"}, keys: []string{"\n"}},
			{args: []string{"-d", "passphrase.age"}, keys: []string{"open sesame\n"}},
			{args: []string{"-d", "-i", "key", "-o", "opened", "sealed.age"}},
			{args: []string{"-e", "-i", "key"}, stdin: "secret"},
			{args: []string{"-r", "age1corpus1vdhhyur4wvczf3wr", "data.json"}, exit: 1},
			{args: []string{"-r", "age1corpus1vdhhyur4wvczf3wr", "data.json"}, env: stubs, exit: 1},
			{args: []string{"-d", "-i", "plugin.key", "sealed.age"}, env: stubs, exit: 1},
			{args: []string{"-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", "/dev/full", "data.json"}, exit: 1},
		},
	},
	{
		pkg: "honnef.co/go/tools/cmd/staticcheck", set: "tools", faults: true, starts: started,
		ways: []way{
			{args: []string{"-checks=all", "./good"}, env: workspace, exit: 1},
			{args: []string{"./broken"}, env: workspace, exit: 1},
			{args: []string{"-debug.version"}},
			{args: []string{"-debug.cpuprofile=cpu", "-debug.memprofile=memory", "./good"}, env: workspace, exit: 1},
		},
	},
	{
		pkg: "mvdan.cc/sh/v3/cmd/shfmt", set: "tools", ci: true, faults: true,
		ways: []way{
			{args: []string{"-d", "-i", "8", "script.sh"}, exit: 1},
			{args: []string{"-w", "."}},
			{args: []string{"-tojson"}, stdin: "echo $((1 + 2)); f() { echo; }"},
			{stdin: "if true; then", exit: 1},
		},
	},
	{
		pkg: "mvdan.cc/sh/v3/cmd/gosh", set: "tools", faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"script.sh"}, exit: 7},
			{args: []string{"shell.sh"}},
			{args: []string{"-c", "echo $0; {prep}/good.exe"}},
			{keys: []string{"echo hello\n", "exit\n"}},
			{args: []string{"missing.sh"}, exit: 1},
			{stdin: "echo hello; false || {prep}/good.exe; ! no_such_program"},
		},
	},
	{
		pkg: "github.com/junegunn/fzf", set: "tools", ci: true, faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"--filter", "ba"}, stdin: "foo\nbar\nbaz\n"},
			{args: []string{"--filter", "nothing"}, stdin: "foo\nbar\n", exit: 1},
			{args: []string{"--no-such-flag"}, exit: 2},
			{keys: []string{"main.go", "\r"}},
			{env: []string{"SHELL={prep}/good.exe"}, args: []string{"--bind=enter:become(cat {})"}, stdin: "foo\n", keys: []string{"\r"}},
			{args: []string{"--bind=start:reload(echo other),ctrl-o:execute(cat {f})+abort"}, stdin: "foo\n", keys: []string{"\x0f"}, exit: 130},
			{stdin: "foo\nbar\nbaz\n", keys: []string{"ba", "\r"}},
			{stdin: "foo\nbar\nbaz\n", keys: []string{"\x1b"}, exit: 130},
			{args: []string{"--height=40%", "--history=history", "--preview=echo {}", "--bind=ctrl-x:execute-silent(true)", "--listen=127.0.0.1:{port}"}, keys: []string{"zo", "\x18", "\r"}},
			{env: []string{"TMUX=1", "PATH={prep}/bin:/usr/bin:/bin"}, args: []string{"--tmux"}, stdin: "foo\n"},
			{env: []string{"FZF_DEFAULT_OPTS_FILE={dir}/fzf.options"}, args: []string{"--bind=load:accept"}, stdin: "foo\n", keys: []string{" "}},
			{env: []string{"FZF_DEFAULT_COMMAND=echo one; sleep 60"}, args: []string{"--bind=ctrl-r:reload(echo two)"}, keys: []string{"\x12", "\x1b"}, exit: 130},
			{env: []string{"FZF_DEFAULT_COMMAND=echo one; echo two", "SHELL={prep}/good.exe"}, args: []string{"--height=~10"}, keys: []string{"\r"}},
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
