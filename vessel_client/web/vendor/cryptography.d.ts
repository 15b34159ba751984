// Types of what the page uses, for editors and type checkers; nothing loads this file.
interface HpkeKey {
  readonly type: string;
}
interface HpkeOptions {
  readonly info?: Uint8Array;
  readonly aad?: Uint8Array;
}
export class CipherSuite {
  constructor(kem: unknown, kdf: unknown, aead: unknown);
  DeserializePublicKey(key: Uint8Array): Promise<HpkeKey>;
  DeserializePrivateKey(key: Uint8Array): Promise<HpkeKey>;
  Seal(
    key: HpkeKey,
    plaintext: Uint8Array,
    options: HpkeOptions,
  ): Promise<{ encapsulatedSecret: Uint8Array; ciphertext: Uint8Array }>;
  Open(
    key: HpkeKey,
    encapsulatedSecret: Uint8Array,
    ciphertext: Uint8Array,
    options: HpkeOptions,
  ): Promise<Uint8Array>;
}
export const AEAD_ChaCha20Poly1305: unknown;
export const KDF_HKDF_SHA256: unknown;
export const KEM_DHKEM_X25519_HKDF_SHA256: unknown;
interface Hash {
  (data: Uint8Array): Uint8Array;
}
export const sha256: Hash;
export function hmac(hash: Hash, key: Uint8Array, data: Uint8Array): Uint8Array;
export function hkdf(
  hash: Hash,
  secret: Uint8Array,
  salt: Uint8Array | undefined,
  info: Uint8Array,
  sizeBytes: number,
): Uint8Array;
export const x25519: {
  getPublicKey(privateKey: Uint8Array): Uint8Array;
  getSharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
};
export const ed25519: {
  verify(
    signature: Uint8Array,
    data: Uint8Array,
    publicKey: Uint8Array,
    options: { zip215: boolean },
  ): boolean;
};
export function chacha20poly1305(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData?: Uint8Array,
): { encrypt(plaintext: Uint8Array): Uint8Array; decrypt(ciphertext: Uint8Array): Uint8Array };
export function argon2id(options: {
  password: string;
  salt: Uint8Array;
  hashLength: number;
  iterations: number;
  parallelism: number;
  memorySize: number;
  outputType: "binary";
}): Promise<Uint8Array>;
