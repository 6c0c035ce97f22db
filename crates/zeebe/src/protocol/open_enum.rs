//! Enumerations that a recording may exceed: what is read stays as it is, and differs from all that a model writes.

/// An enum of protocol names. A name that it does not know is kept as `Other`.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$item_doc])* $item,)+
            /// A name that only a recording has.
            Other($crate::protocol::Text),
        }

        impl $name {
            /// Its name in the protocol.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $($name::$item => $text,)+
                    $name::Other(name) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($text => $name::$item,)+
                    other => $name::Other(other.into()),
                }
            }
        }

        impl $crate::protocol::Share for $name {
            fn share(&mut self, pool: &mut $crate::protocol::Pool) {
                if let $name::Other(name) = self {
                    name.share(pool);
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(std::borrow::Cow::<str>::deserialize(deserializer)?.as_ref().into())
            }
        }
    };
}

pub(crate) use open_enum;
