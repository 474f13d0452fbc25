// Passkeys: asks the device, puts what it says into the form, and sends the form. It does nothing else.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const spelled = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

async function make(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return {
    id: made.id,
    rawId: spelled(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: spelled(made.response.clientDataJSON),
      attestationObject: spelled(made.response.attestationObject),
    },
  };
}

async function sign(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const made = await navigator.credentials.get({ publicKey });
  return {
    id: made.id,
    client: spelled(made.response.clientDataJSON),
    authenticator: spelled(made.response.authenticatorData),
    signature: spelled(made.response.signature),
  };
}

const why = (error) =>
  ({
    NotAllowedError: "Nothing was signed: it was cancelled, took too long, or this device has no passkey for this desk.",
    InvalidStateError: "This device has a passkey of yours already.",
    SecurityError: "The browser makes no passkeys at this address.",
  })[error.name] || `Nothing was signed (${error.name}).`;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.proof.value) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const trouble = form.querySelector("[data-trouble]");
    trouble.hidden = true;
    button.disabled = true;
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      const options = JSON.parse(form.dataset.options);
      form.elements.proof.value = JSON.stringify(await (form.dataset.passkey === "create" ? make : sign)(options));
      form.submit();
    } catch (error) {
      trouble.textContent = why(error);
      trouble.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
}

// A page that comes back by the Back button must not send an old signature again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.elements.proof.value = "";
    form.querySelector("button").disabled = false;
  }
});
