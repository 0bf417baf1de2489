package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"stsscan/internal/simnet"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stsscan": main})
}

// Each script is a session of a user at a shell.
func TestScripts(t *testing.T) {
	deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error { env.Setenv("DEPLOY", deploy); return nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"resolver": startResolver, "jsonlines": checkJSONLines,
		},
	})
}

// startResolver is the command "resolver NAME WORLD": a resolver that knows
// another world, until the script ends. The variable NAME says where it listens,
// and NAME_PORT on which port.
func startResolver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: resolver NAME WORLD")
	}
	world, err := simnet.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Defer(world.Close)
	server, err := world.Listen(context.Background(), simnet.Addrs{DNS: "127.0.0.1:0"})
	ts.Check(err)
	ts.Setenv(args[0], server.DNS.String())
	ts.Setenv(args[0]+"_PORT", strconv.Itoa(int(server.DNS.Port())))
}

// checkJSONLines is the command "jsonlines FILE", as "jsonlines stderr": there is a line, and each is an object.
func checkJSONLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: jsonlines FILE")
	}
	text := ts.ReadFile(args[0])
	if text == "" {
		ts.Fatalf("%s is empty", args[0])
	}
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%s: %v: %s", args[0], err, line)
		}
	}
}
