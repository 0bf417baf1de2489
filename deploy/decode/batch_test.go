package decode

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/batch"
)

// The job definition has only fields that AWS Batch knows, each spelt as it is there, and a default for each
// parameter.
func TestBatch(t *testing.T) {
	text, err := os.ReadFile("../aws-batch.json")
	if err != nil {
		t.Fatal(err)
	}
	job, err := decodeBatch(text)
	if err != nil {
		t.Fatal(err)
	}
	if job.JobDefinitionName == nil || job.ContainerProperties == nil || job.RetryStrategy == nil {
		t.Fatalf("got %+v", job)
	}
	used := map[string]bool{}
	for _, word := range job.ContainerProperties.Command {
		name, ok := strings.CutPrefix(word, "Ref::")
		if !ok {
			continue
		}
		used[name] = true
		if job.Parameters[name] == "" {
			t.Errorf("the parameter %s has no default", name)
		}
	}
	if len(used) != len(job.Parameters) {
		t.Errorf("%d parameters, of which the command uses %d", len(job.Parameters), len(used))
	}
}

// A misspelt key is refused, and so is one in other letters, which encoding/json would take.
func TestBatchStrict(t *testing.T) {
	text, err := os.ReadFile("../aws-batch.json")
	if err != nil {
		t.Fatal(err)
	}
	for right, wrong := range map[string]string{
		`"evaluateOnExit"`: `"evaluateOnExits"`,
		`"onExitCode"`:     `"onExitcode"`,
		`"ulimits"`:        `"uLimits"`,
	} {
		changed := bytes.Replace(text, []byte(right), []byte(wrong), 1)
		if _, err := decodeBatch(changed); err == nil {
			t.Errorf("%s is read without an error", wrong)
		}
	}
}

// decodeBatch reads a job definition strictly. The types of the SDK have no tags: a field is its name, and begins with
// a small letter in JSON.
func decodeBatch(text []byte) (*batch.RegisterJobDefinitionInput, error) {
	job := new(batch.RegisterJobDefinitionInput)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(job); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, err
	}
	var given any
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	return job, checkSpelling(given, job)
}
