// Asks the browser for a passkey, and sends what it says with the form that asked.

const takes = {
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

for (const form of document.querySelectorAll("[data-passkey]")) {
  const trouble = form.querySelector("[role=alert]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      const credential = await takes[form.dataset.passkey](JSON.parse(form.dataset.options));
      form.elements.credential.value = JSON.stringify(credential);
      // Not requestSubmit, which would come here again.
      form.submit();
    } catch {
      // Cancelled, not available, or too old a browser: the sentence says what to do.
      trouble.hidden = false;
    }
  });
  // The page shows the button switched off: pressed before this line, it would send an empty form.
  form.querySelector("button").disabled = false;
}
