export const conversationModels = ["sandbox-small", "sandbox-large"] as const;
export const embeddingModels = ["sandbox-embedding"] as const;

export const sandboxModels: readonly string[] = [...conversationModels, ...embeddingModels];
