// Package decode reads the files of deploy/ with the Go types of those who read them in the field: Kubernetes and AWS
// Batch. It is a module of its own, so that the scanner does not depend on them.
package decode

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Each object of deploy/kubernetes has only fields that its kind has, none twice, and those of a job agree with each
// other.
func TestKubernetes(t *testing.T) {
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	kinds := map[string]int{}
	settings := map[string]string{}
	jobs := map[string]batchv1.JobSpec{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := decode(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, object := range objects {
			kinds[object.GetObjectKind().GroupVersionKind().Kind]++
			switch object := object.(type) {
			case *batchv1.Job:
				jobs[name] = object.Spec
			case *batchv1.CronJob:
				jobs[name] = object.Spec.JobTemplate.Spec
			case *corev1.ConfigMap:
				settings = object.Data
			}
		}
	}
	if kinds["Job"] != 3 || kinds["CronJob"] != 1 || kinds["ConfigMap"] != 1 || kinds["Secret"] != 1 {
		t.Errorf("got %v", kinds)
	}
	for name, job := range jobs {
		checkJob(t, name, job, settings)
	}
}

// A misspelt key, and one that is there twice, are refused.
func TestKubernetesStrict(t *testing.T) {
	text, err := os.ReadFile("../kubernetes/scan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for right, wrong := range map[string]string{
		"backoffLimitPerIndex: 10": "backOffLimitPerIndex: 10",
		"podFailurePolicy:":        "podFailurePolicies:",
		"sizeLimit: 5Gi":           "sizelimit: 5Gi",
		"parallelism: 4":           "parallelism: 4\n  parallelism: 8",
	} {
		changed := strings.Replace(string(text), right, wrong, 1)
		if changed == string(text) {
			t.Errorf("scan.yaml does not have %q", right)
		} else if _, err := decode([]byte(changed)); err == nil {
			t.Errorf("%q is read without an error", wrong)
		}
	}
}

// decode reads the documents of a file strictly.
func decode(text []byte) (objects []runtime.Object, err error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(batchv1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	codec := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return objects, err
		}
		object, _, err := codec.Decode(document, nil, nil)
		if err != nil {
			return objects, err
		}
		objects = append(objects, object)
	}
}

// checkJob checks what the types do not say, and the API server or a scan would refuse.
func checkJob(t *testing.T, name string, job batchv1.JobSpec, settings map[string]string) {
	t.Helper()
	pod := job.Template.Spec
	if pod.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("%s: restartPolicy %q, but podFailurePolicy needs Never", name, pod.RestartPolicy)
	}
	if grace := pod.TerminationGracePeriodSeconds; grace != nil && *grace <= 30 {
		t.Errorf("%s: a scan has %d s to end, and may take 30", name, *grace)
	}
	containers := map[string]bool{}
	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
	}
	for _, container := range append(pod.Containers, pod.InitContainers...) {
		containers[container.Name] = true
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				t.Errorf("%s: no volume %s", name, mount.Name)
			}
		}
		known := map[string]bool{}
		for key := range settings {
			known[key] = true
		}
		for _, variable := range container.Env {
			known[variable.Name] = true
		}
		for _, arg := range container.Args {
			if _, rest, ok := strings.Cut(arg, "$("); ok {
				if key, _, _ := strings.Cut(rest, ")"); !known[key] {
					t.Errorf("%s: %s: settings.yaml has no %s", name, arg, key)
				}
			}
		}
	}
	for _, rule := range job.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil && !containers[*rule.OnExitCodes.ContainerName] {
			t.Errorf("%s: no container %s", name, *rule.OnExitCodes.ContainerName)
		}
		if rule.Action == batchv1.PodFailurePolicyActionFailIndex && job.BackoffLimitPerIndex == nil {
			t.Errorf("%s: FailIndex without backoffLimitPerIndex", name)
		}
	}
	if job.CompletionMode == nil || *job.CompletionMode != batchv1.IndexedCompletion {
		return
	}
	if want := settings["STSSCAN_SHARDS"]; strconv.Itoa(int(*job.Completions)) != want {
		t.Errorf("%s: completions %d, STSSCAN_SHARDS %s", name, *job.Completions, want)
	}
	if want := settings["AT_A_TIME"]; strconv.Itoa(int(*job.Parallelism)) != want {
		t.Errorf("%s: parallelism %d, AT_A_TIME %s", name, *job.Parallelism, want)
	}
}
