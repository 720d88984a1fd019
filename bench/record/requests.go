package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/bench/internal/page"
)

// requests measures how many requests a server answers: in a second, which depends
// on what else the machine does, and in a second of processor time that the server
// and its clients take together.
func requests(all []contestant, program string, rounds int) ([][]float64, error) {
	return turns(all, rounds, func(c contestant) ([]float64, error) {
		words := c.under(program)
		a, err := serve(exec.Command(words[0], words[1:]...))
		return []float64{a.perSecond, a.perProcessorSecond}, err
	})
}

func requestsTable(all []contestant, answered [][]float64) string {
	t := page.Table{{"watched by", "requests in a second", "of bare", "in a second of processor time", "of bare"}}
	for i, c := range all {
		row := []string{c.name}
		for figure, n := range answered[i] {
			row = append(row, fmt.Sprintf("%.0f", n), fmt.Sprintf("%.0f%%", 100*n/answered[bare][figure]))
		}
		t = append(t, row)
	}
	return t.String()
}

// answers are how many there were.
type answers struct{ perSecond, perProcessorSecond float64 }

// serve runs the server, asks it for a while, and has it end.
func serve(cmd *exec.Cmd) (a answers, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return a, err
	}
	if err := cmd.Start(); err != nil {
		return a, err
	}
	lines, address := bufio.NewScanner(out), ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "ready ")
	}
	if address == "" {
		return a, errors.Join(errors.New("the server did not start"), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	a, err = ask("http://" + address)
	end, endErr := http.Get("http://" + address + "/end") // it ends without an answer
	if endErr == nil {
		_ = end.Body.Close()
	}
	return a, errors.Join(err, cmd.Wait())
}

// ask keeps a server busy.
func ask(url string) (a answers, err error) {
	const (
		clients  = 16
		duration = time.Second
	)
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var (
		count  atomic.Int64
		failed atomic.Value
		all    sync.WaitGroup
	)
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	before, err := processorTime(client, url)
	if err != nil {
		return a, err
	}
	start := time.Now()
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				answer, err := client.Get(url)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
				if err != nil {
					failed.Store(err)
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	if err, _ = failed.Load().(error); err != nil {
		return a, fmt.Errorf("ask the server: %w", err)
	}
	after, err := processorTime(client, url)
	if err != nil {
		return a, err
	}
	n := float64(count.Load())
	return answers{n / took.Seconds(), n / (after - before).Seconds()}, nil
}

// processorTime returns what the server and this process have taken by now.
func processorTime(client *http.Client, url string) (time.Duration, error) {
	answer, err := client.Get(url + "/processor")
	if err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	defer answer.Body.Close()
	var servers time.Duration
	if _, err := fmt.Fscan(answer.Body, &servers); err != nil {
		return 0, fmt.Errorf("the server's processor time: %w", err)
	}
	var own unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &own); err != nil {
		return 0, err
	}
	return servers + time.Duration(own.Utime.Nano()+own.Stime.Nano()), nil
}
