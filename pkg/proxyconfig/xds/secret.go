package xds

// Secret is extensions.transport_sockets.tls.v3.Secret. Keys are not read.
type Secret struct {
	Name        string `json:"name"`
	Certificate struct {
		Chain Data `json:"certificate_chain"`
	} `json:"tls_certificate"`
	Validation struct {
		CA     Data `json:"trusted_ca"`
		Custom struct {
			Typed struct {
				Domains []struct {
					Name   string `json:"name"`
					Bundle Data   `json:"trust_bundle"`
				} `json:"trust_domains"` // of SPIFFECertValidatorConfig
			} `json:"typed_config"`
		} `json:"custom_validator_config"`
	} `json:"validation_context"`
}

// Data is config.core.v3.DataSource.
type Data struct {
	Bytes  []byte `json:"inline_bytes"`
	String string `json:"inline_string"`
	File   string `json:"filename"`
}

// Inline is the data if it is in the dump.
func (d Data) Inline() []byte {
	if d.String != "" {
		return []byte(d.String)
	}
	return d.Bytes
}

// ExtensionConfig is config.core.v3.TypedExtensionConfig, what extension discovery
// delivers.
type ExtensionConfig struct {
	Name  string `json:"name"`
	Typed Any    `json:"typed_config"`
}
