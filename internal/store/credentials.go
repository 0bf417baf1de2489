package store

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// errNoCredentials is the cause of ErrRefused where no credentials are found.
var errNoCredentials = errors.New("there are no credentials")

// roleWait is how long a service on this machine or beside it may take to give the credentials of its role.
const roleWait = 2 * time.Second

// credentialsOf gives the credentials of a Config, or those that it finds where the tools of AWS look, in their
// order: variables, the profile in a file, the role of the container or of the machine.
func credentialsOf(c Config) *credentials.Credentials {
	if c.AccessKey != "" {
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	places := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if hasRole() {
		client := &http.Client{Timeout: roleWait, Transport: &http.Transport{Proxy: nil}}
		places = append(places, &credentials.IAM{Client: client})
	}
	return credentials.New(&knownOnly{credentials.Chain{Providers: places}})
}

// hasRole reports whether a service is to be asked for the credentials of a role: that of a container, which a
// variable names, or that of the machine, unless a variable says that there is none.
func hasRole() bool {
	container := cmp.Or(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	return container != "" || !strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true")
}

// knownOnly is a chain of places that fails if none of them has credentials, where the chain would leave requests
// unsigned.
type knownOnly struct{ chain credentials.Chain }

var _ credentials.Provider = (*knownOnly)(nil)

func known(v credentials.Value, err error) (credentials.Value, error) {
	if err == nil && (v.AccessKeyID == "" || v.SecretAccessKey == "") {
		err = errNoCredentials
	}
	return v, err
}

// Retrieve looks for credentials.
func (k *knownOnly) Retrieve() (credentials.Value, error) {
	return known(k.chain.RetrieveWithCredContext(nil))
}

// RetrieveWithCredContext looks for credentials.
func (k *knownOnly) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	return known(k.chain.RetrieveWithCredContext(c))
}

// IsExpired reports whether credentials have to be looked for.
func (k *knownOnly) IsExpired() bool { return k.chain.IsExpired() }
