package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// shardsOfJobs is the number of shards in the tests of jobs, which are far fewer than those of the files.
const shardsOfJobs = 3

// The jobs of deploy/kubernetes scan a list as their containers would, one after the other: in a store that is a
// directory, and with a scratch directory of its own for each pod.
func TestKubernetesJobs(t *testing.T) {
	settings := struct{ Data map[string]string }{}
	readYAML(t, "settings.yaml", &settings)
	store := filepath.Join(t.TempDir(), "store")
	vars := settings.Data
	vars["STORE"], vars["STSSCAN_SHARDS"] = store, strconv.Itoa(shardsOfJobs)
	t.Setenv("STSSCAN_SHARDS", vars["STSSCAN_SHARDS"])
	vars["AT_A_TIME"] = "2"
	if status := runJob(t, kubernetesArgs(t, "prepare.yaml"), vars); status != exitDone {
		t.Fatalf("prepare.yaml: status %d", status)
	}
	if status := runJob(t, kubernetesArgs(t, "finish.yaml"), vars); status != exitIncomplete {
		t.Fatalf("finish.yaml before scan.yaml: status %d", status)
	}
	for shard := range shardsOfJobs {
		t.Setenv("JOB_COMPLETION_INDEX", strconv.Itoa(shard))
		if status := runJob(t, kubernetesArgs(t, "scan.yaml"), vars); status != exitDone {
			t.Fatalf("scan.yaml: shard %d: status %d", shard, status)
		}
	}
	if status := runJob(t, kubernetesArgs(t, "finish.yaml"), vars); status != exitDone {
		t.Fatalf("finish.yaml: status %d", status)
	}
	checkStored(t, store)
}

// The night of deploy/kubernetes is a run of one process, whole in the store.
func TestKubernetesNight(t *testing.T) {
	bucket := t.TempDir()
	args := kubernetesArgs(t, "nightly.yaml")
	for i, arg := range args {
		args[i] = strings.Replace(arg, "s3://bucket", bucket, 1)
	}
	vars := map[string]string{"NIGHT": "stsscan-1", "CONTACT": "soc@example.com"}
	if status := runJob(t, args, vars); status != exitDone {
		t.Fatalf("status %d", status)
	}
	checkStored(t, filepath.Join(bucket, "nights", "stsscan-1"))
}

// The job definition of AWS Batch scans shards that were prepared elsewhere.
func TestBatchJob(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "aws-batch.json"))
	if err != nil {
		t.Fatal(err)
	}
	job := struct {
		Parameters          map[string]string
		ContainerProperties struct{ Command []string }
	}{}
	if err := json.Unmarshal(text, &job); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "store")
	job.Parameters["store"], job.Parameters["at_a_time"] = store, "2"
	args := job.ContainerProperties.Command
	for i, arg := range args {
		if name, ok := strings.CutPrefix(arg, "Ref::"); ok {
			args[i] = job.Parameters[name]
		}
	}
	prepare := []string{"prepare", "--output", "/scratch/run", "--store", store, "--shards", strconv.Itoa(shardsOfJobs),
		"/lists/domains.csv.gz"}
	if status := runJob(t, prepare, nil); status != exitDone {
		t.Fatalf("prepare: status %d", status)
	}
	t.Setenv("AWS_BATCH_JOB_ARRAY_SIZE", strconv.Itoa(shardsOfJobs))
	for shard := range shardsOfJobs {
		t.Setenv("AWS_BATCH_JOB_ARRAY_INDEX", strconv.Itoa(shard))
		if status := runJob(t, args, nil); status != exitDone {
			t.Fatalf("shard %d: status %d", shard, status)
		}
	}
	if status := runJob(t, []string{"finish", "--store", store, "/scratch/run"}, nil); status != exitDone {
		t.Fatalf("finish: status %d", status)
	}
	checkStored(t, store)
}

// runJob runs the arguments of a container, with the simulated Internet for the real one, and returns the exit status.
// $(NAME) is taken from vars, as Kubernetes does.
func runJob(t *testing.T, args []string, vars map[string]string) int {
	t.Helper()
	var pairs []string
	for name, value := range vars {
		pairs = append(pairs, "$("+name+")", value)
	}
	pairs = append(pairs, "/scratch", t.TempDir(),
		"/lists/domains.csv.gz", filepath.Join("..", "..", "inputs", "mail-providers.txt"))
	replace := strings.NewReplacer(pairs...)
	args = slices.Clone(args)
	for i, arg := range args {
		args[i] = replace.Replace(arg)
	}
	if i := slices.Index(args, "--resolvers"); i >= 0 {
		args = slices.Delete(args, i, i+2)
	}
	args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--resolvers=") })
	if args[0] != "finish" {
		args = append(args, "--limit=60", "--part-size=8")
		args = append(args, map[string]string{"prepare": "--special-use", "scan": "--sim=top"}[args[0]])
	}
	var out bytes.Buffer
	status := run(t.Context(), streams{in: strings.NewReader(""), out: &out, err: &out}, args)
	t.Logf("%s\n%s", strings.Join(args, " "), out.String())
	return status
}

// checkStored fetches a run from a store and compares it with the truth.
func checkStored(t *testing.T, store string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fetched")
	for _, args := range [][]string{{"fetch", store, dir}, {"verify", dir, "--truth", "top"}} {
		var out bytes.Buffer
		if status := run(t.Context(), streams{in: strings.NewReader(""), out: &out, err: &out}, args); status != exitDone {
			t.Fatalf("%s: status %d\n%s", strings.Join(args, " "), status, out.String())
		}
		if args[0] == "verify" && !strings.Contains(out.String(), "60 rows compared, 0 differ") {
			t.Errorf("verify says\n%s", out.String())
		}
	}
}

// kubernetesArgs returns the arguments of the container stsscan of a Job or CronJob.
func kubernetesArgs(t *testing.T, name string) []string {
	t.Helper()
	type spec struct {
		Template struct {
			Spec struct {
				Containers []struct{ Args []string }
			}
		}
	}
	var job struct {
		Spec struct {
			spec        `yaml:",inline"`
			JobTemplate struct{ Spec spec } `yaml:"jobTemplate"`
		}
	}
	readYAML(t, name, &job)
	containers := append(job.Spec.Template.Spec.Containers, job.Spec.JobTemplate.Spec.Template.Spec.Containers...)
	if len(containers) != 1 {
		t.Fatalf("%s has %d containers", name, len(containers))
	}
	return containers[0].Args
}

// readYAML reads the first document of a file of deploy/kubernetes.
func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "kubernetes", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(v); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%s: %v", name, err)
	}
}
