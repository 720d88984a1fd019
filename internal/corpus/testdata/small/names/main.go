// Names resolves names and looks users and groups up, all at the same time, and
// does nothing else. Each argument is what to look up and a name, such as
// host=www.example or user=root.
package main

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"strings"
	"sync"
)

func main() {
	failed := false
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, arg := range os.Args[1:] {
		all.Add(1)
		go func(arg string) {
			defer all.Done()
			got, err := lookup(arg)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fmt.Fprintln(os.Stderr, "names:", arg, err)
				failed = true
				return
			}
			fmt.Println(arg, got)
		}(arg)
	}
	all.Wait()
	if failed {
		os.Exit(1)
	}
}

func lookup(arg string) (got interface{}, err error) {
	at := strings.Index(arg, "=")
	if at < 0 {
		return nil, fmt.Errorf("is not of the form what=name")
	}
	name := arg[at+1:]
	switch what := arg[:at]; what {
	case "host":
		return net.LookupHost(name)
	case "address":
		return net.LookupAddr(name)
	case "alias":
		return net.LookupCNAME(name)
	case "mail":
		return net.LookupMX(name)
	case "text":
		return net.LookupTXT(name)
	case "port":
		return net.LookupPort("tcp", name)
	case "user":
		return user.Lookup(name)
	case "uid":
		return user.LookupId(name)
	case "group":
		return user.LookupGroup(name)
	case "gid":
		return user.LookupGroupId(name)
	case "groups":
		u, err := user.Lookup(name)
		if err != nil {
			return nil, err
		}
		return u.GroupIds()
	case "self":
		return user.Current()
	default:
		return nil, fmt.Errorf("%s cannot be looked up", what)
	}
}
