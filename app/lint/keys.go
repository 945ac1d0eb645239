package lint

import "strings"

// The metadata that components-contrib v1.18.0 reads, of the types that the folders here have: the names in each one's metadata.yaml
// and in the struct into which it decodes. A component passes over all others without a word.
const (
	azureKeys = `
		azureADAuthMethods azureADTokenFilePath azureAuthMethods azureCertificate azureCertificateFile azureCertificatePassword
		azureClientId azureClientSecret azureCloud azureEnvironment azureTenantId clientId clientSecret entraIDAuthMethods
		microsoftEntraIDAuthMethods spnCertificate spnCertificateFile spnCertificatePassword spnClientId spnClientSecret spnTenantId
		tenantId`
	awsKeys = `
		accessKey assumeRoleArn awsAccessKey awsIamRoleArn awsRegion awsSecretKey awsSessionToken awsStsSessionName endpoint
		partition region secretKey sessionName sessionToken trustAnchorArn trustProfileArn`
	topicKeys = `
		allowedTopics consumerID entityName protectedTopics publishingScopes subscriptionScopes`
	stateKeys = `
		actorStateStore keyPrefix outboxDiscardWhenMissingState outboxPublishPubsub outboxPublishTopic outboxPubsub
		primaryEncryptionKey secondaryEncryptionKey`
)

var known = map[string][]string{
	"pubsub.jetstream": names(topicKeys, `
		ackPolicy ackWait apiPrefix backOff concurrency concurrencyMode deliverPolicy domain durableName flowControl heartbeat jwt
		maxAckPending maxDeliver memoryStorage name natsURL queueGroupName rateLimit replicas seedKey startSequence startTime
		streamName tls_client_cert tls_client_key token`),
	"pubsub.redis": names(azureKeys, topicKeys, `
		clientCert clientKey concurrency dialTimeout enableTLS failover idleCheckFrequency idleTimeout insecureSkipTLSVerify
		maxConnAge maxLenApprox minIdleConns poolSize poolTimeout processingTimeout queueDepth readTimeout redeliverInterval
		redisDB redisHost redisMaxRetries redisMaxRetryInterval redisMinRetryInterval redisPassword redisPort redisType
		redisUsername sentinelMasterName sentinelPassword sentinelUsername streamTTL useAzureAD useEntraID writeTimeout`),
	"pubsub.rabbitmq": names(topicKeys, `
		autoAck caCert clientCert clientKey clientName concurrency concurrencyMode connectionString deletedWhenUnused deliveryMode
		durable enableDeadLetter exchangeKind heartBeat host hostname maxLen maxLenBytes maxPriority password prefetchCount
		protocol publisherConfirm publishMessagePropertiesToMetadata queueName reconnectWaitSeconds requeueInFailure saslExternal
		ttl ttlInSeconds username`),
	"pubsub.mqtt3": names(topicKeys, `
		caCert cleanSession clientCert clientKey qos retain url`),
	"pubsub.kafka": names(awsKeys, topicKeys, `
		authRequired authType brokers caCert channelBufferSize clientCert clientConnectionKeepAliveInterval
		clientConnectionTopicMetadataRefreshInterval clientID clientKey compression consumeRetryEnabled consumeRetryInterval
		consumerFetchDefault consumerFetchMin consumerGroup consumerGroupRebalanceStrategy disableTls escapeHeaders
		excludeHeaderMetaRegex heartbeatInterval initialOffset maxMessageBytes oidcAudience oidcClientAssertionCert
		oidcClientAssertionKey oidcClientID oidcClientSecret oidcExtensions oidcKid oidcResource oidcScopes oidcTokenEndpoint
		saslMechanism saslPassword saslUsername schemaCachingEnabled schemaLatestVersionCacheTTL schemaRegistryAPIKey
		schemaRegistryAPISecret schemaRegistryURL sessionTimeout skipVerify useAvroJSON valueSchemaType version`),
	"pubsub.aws.snssqs": names(awsKeys, topicKeys, `
		accountId assetsManagementTimeoutSeconds awsAccountID awsSecret concurrencyLimit concurrencyMode disableDeleteOnRetryLimit
		disableEntityManagement fifo fifoMessageGroupID messageMaxNumber messageReceiveLimit messageRetryLimit
		messageVisibilityTimeout messageWaitTimeSeconds sqsDeadLettersQueueName`),
	"pubsub.azure.servicebus.topics": names(azureKeys, topicKeys, `
		autoDeleteOnIdleInSec connectionString defaultMessageTimeToLiveInSec disableEntityManagement handlerTimeoutInSec
		lockDurationInSec lockRenewalInSec maxActiveMessages maxConcurrentHandlers maxConnectionRecoveryInSec maxDeliveryCount
		maxRetriableErrorsPerSec minConnectionRecoveryInSec namespaceName publishInitialRetryInternalInMs
		publishInitialRetryIntervalInMs publishMaxRetries timeoutInSec ttlInSeconds`),
	"pubsub.azure.eventhubs": names(azureKeys, topicKeys, `
		backOffDuration backOffInitialInterval backOffMaxElapsedTime backOffMaxInterval backOffMaxRetries backOffMultiplier
		backOffPolicy backOffRandomizationFactor connectionString enableEntityManagement enableInOrderMessageDelivery
		eventHubNamespace getAllMessageProperties messageRetentionInDays partitionCount resourceGroupName storageAccountKey
		storageAccountName storageConnectionString storageContainerName subscriptionId`),
	"pubsub.gcp.pubsub": names(topicKeys, `
		ackDeadline authProviderX509CertUrl authURI clientEmail clientID clientX509CertUrl connectionRecoveryInSec deadLetterTopic
		disableEntityManagement enableMessageOrdering endpoint identityProjectID maxConcurrentConnections maxDeliveryAttempts
		maxOutstandingBytes maxOutstandingMessages maxReconnectionAttempts orderingKey privateKey privateKeyID projectID tokenURI
		type`),
	"pubsub.pulsar": names(topicKeys, `
		batchingMaxMessages batchingMaxPublishDelay batchingMaxSize compressionLevel compressionType disableBatching enableTLS
		host keys listenerName maxConcurrentHandlers namespace oauth2Audiences oauth2ClientID oauth2ClientSecret
		oauth2ClientSecretPath oauth2CredentialsFile oauth2Scopes oauth2TokenCAPEM oauth2TokenURL persistent privateKey
		processMode publicKey receiverQueueSize redeliveryDelay replicateSubscriptionState subscribeInitialPosition subscribeMode
		subscribeType tenant token`),
	"bindings.http": names(`
		direction errorIfNot2XX maxResponseBodySize MTLSClientCert MTLSClientKey MTLSRenegotiation MTLSRootCA responseTimeout
		securityToken securityTokenHeader url`),
	"bindings.kafka": names(awsKeys, `
		authRequired authType brokers caCert channelBufferSize clientCert clientConnectionKeepAliveInterval
		clientConnectionTopicMetadataRefreshInterval clientID clientKey compression consumeRetryEnabled consumeRetryInterval
		consumerFetchDefault consumerFetchMin consumerGroup consumerGroupRebalanceStrategy consumerID direction disableTls
		escapeHeaders excludeHeaderMetaRegex heartbeatInterval initialOffset maxMessageBytes oidcAudience oidcClientAssertionCert
		oidcClientAssertionKey oidcClientID oidcClientSecret oidcExtensions oidcKid oidcResource oidcScopes oidcTokenEndpoint
		publishTopic saslMechanism saslPassword saslUsername schemaCachingEnabled schemaLatestVersionCacheTTL schemaRegistryAPIKey
		schemaRegistryAPISecret schemaRegistryURL sessionTimeout skipVerify topics useAvroJSON valueSchemaType version`),
	"bindings.localstorage": names(`
		direction fileName rootPath`),
	"bindings.aws.s3": names(awsKeys, `
		bucket decodeBase64 direction disableSSL encodeBase64 filePath forcePathStyle insecureSSL presignTTL storageClass`),
	"state.sqlite": names(stateKeys, `
		busyTimeout cleanupInterval cleanupIntervalInSeconds connectionString disableWAL metadataTableName tableName timeout
		timeoutInSeconds url`),
	"state.redis": names(azureKeys, stateKeys, `
		clientCert clientKey dialTimeout enableTLS failover idleCheckFrequency idleTimeout insecureSkipTLSVerify maxConnAge
		maxRetries maxRetryBackoff minIdleConns poolSize poolTimeout processingTimeout queryIndexes readTimeout redeliverInterval
		redisDB redisHost redisMaxRetries redisMaxRetryInterval redisMinRetryInterval redisPassword redisPort redisType
		redisUsername sentinelMasterName sentinelPassword sentinelUsername ttlInSeconds useAzureAD useEntraID writeTimeout`),
	"state.postgresql": names(azureKeys, awsKeys, stateKeys, `
		cleanupInterval cleanupIntervalInSeconds connectionMaxIdleTime connectionString database host hostaddr maxConns
		metadataTableName password port queryExecMode sslRootCert tableName tablePrefix timeout timeoutInSeconds url useAWSIAM
		useAzureAD user`),
	"state.azure.blobstorage": names(azureKeys, stateKeys, `
		accessKey accountKey accountName connectionString container containerName decodeBase64 disableEntityManagement endpoint
		publicAccessLevel retryCount storageAccessKey storageAccount storageAccountContainer storageAccountEndpoint
		storageAccountKey storageAccountName storageEndpoint`),
}

func names(lists ...string) []string { return strings.Fields(strings.Join(lists, " ")) }
