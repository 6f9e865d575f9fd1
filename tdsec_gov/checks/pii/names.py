"""What a column's name says of its values, in the styles and languages that tables come with.

A name is cut into words (``HomePhone``, ``home-phone``, ``HOME_PHONE2`` -> home, phone), accents are taken
off, and neighbouring words are joined again: a kind is named when a join is one of its phrases. Words that
make it something else (``email_sent``, ``phone_type``) undo that.
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tdsec_gov.checks.pii import kinds as k

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_OTHER = re.compile(r"[^\w]+|_+|(?<=\D)(?=\d)|(?<=\d)(?=\D)")
_LONGEST = 5
_NOT = frozenset(
    [
        "sent",
        "count",
        "counts",
        "num_of",
        "type",
        "types",
        "status",
        "flag",
        "verified",
        "valid",
        "is",
        "has",
        "allow",
        "allowed",
        "consent",
        "optin",
        "optout",
        "opt",
        "bounce",
        "bounced",
        "domain",
        "provider",
        "country",
        "prefix",
        "format",
        "length",
        "len",
        "score",
        "rate",
        "total",
        "amount",
        "balance",
        "limit",
        "network",
        "brand",
        "issuer",
        "expiry",
        "exp",
        "expires",
        "expiration",
        "version",
        "proto",
        "protocol",
        "subject",
        "body",
        "template",
        "campaign",
        "open",
        "opened",
        "click",
        "clicked",
        "date",
        "time",
        "day",
        "subscription",
        "subscribed",
        "permission",
        "preference",
        "preferred",
        "hash",
        "hashed",
        "present",
        "missing",
        "available",
        "model",
        "os",
        "brandname",
        "plan",
        "minutes",
        "calls",
        "usage",
        "service",
        "network_type",
        "carrier",
    ]
)
_DATES = frozenset({"date", "day", "time"})

PHRASES: dict[str, str] = {
    k.EMAIL: "email emails mail mails emailaddress mailaddress emailaddr mailaddr emailid mailid correo "
    "correoelectronico courriel adressemail adresseemail adressemel posta postaelettronica epost epostadresse "
    "sahkoposti eposta emailadresse mailadresse emailadres poczta adresemail adresaemail mel useremail contactemail "
    "emailto emailfrom",
    k.PHONE: "phone phones phonenumber phoneno phonenum phonenr telephone telephonenumber telephoneno tel telno telnr "
    "telnumber telefon telefonnummer telefonnr telefono numerotelefono telefoon telefoonnummer telefone fone celular "
    "cellulare cell cellphone cellnumber cellno mobile mobilephone mobileno mobilenumber mobilenr mobil mobilnummer "
    "handy handynummer handynr movil portable fax faxnumber faxno faxnr msisdn rufnummer puhelin puhelinnumero telefax "
    "homephone workphone officephone contactnumber contactno whatsapp telefonszam numtel numerotel telnum gsm",
    k.CARD: "card cardno cardnumber cardnum cardnr creditcard creditcardnumber creditcardno creditcardnum debitcard "
    "debitcardnumber paymentcard paymentcardnumber cc ccnumber ccnum ccno ccn pan cardpan primaryaccountnumber "
    "kreditkarte kreditkartennummer kreditkartennr kartennummer tarjeta numerotarjeta tarjetacredito tarjetadecredito "
    "numerodetarjeta cartebancaire numerocarte numerodecarte cartadicredito numerocarta creditcardnr cartao "
    "numerocartao cardid kortnummer",
    k.IBAN: "iban ibannumber ibanno ibannr ibancode bankaccount bankaccountnumber accountiban kontonummer bankiban "
    "compteiban bankverbindung codiceiban",
    k.SSN: "ssn ssnnumber ssnno socialsecurity socialsecuritynumber socialsecurityno socialsecuritynum "
    "socialsecuritynr socsec socsecno socsecnumber socialsec ussn usssn ssnum sosec sosecnum ssnid",
    k.IP: "ip ipaddress ipaddr ipadr ipv4 ipv6 ipv4address ipv6address clientip remoteip sourceip srcip dstip destip "
    "hostip userip serverip loginip lastip iplogin remoteaddr clientaddress ipadresse adresseip direccionip "
    "indirizzoip ips xforwardedfor",
    k.MAC: "mac macaddress macaddr macadresse hwaddr hardwareaddress ethernetaddress bssid wifimac",
    k.PASSPORT: "passport passportnumber passportno passportnum passportnr passportid reisepass reisepassnummer "
    "passnummer pasaporte numeropasaporte numerodepasaporte passeport numeropasseport passaporto numeropassaporto "
    "passaporte paspoort paspoortnummer",
    k.LICENCE: "driverlicense driverslicense driverlicence driverslicence drivinglicense drivinglicence "
    "driverlicensenumber driverslicensenumber driverlicenseno driverslicenseno drivinglicensenumber "
    "drivinglicencenumber driverlicensenum dlnumber dlno dlnum fuhrerschein fuhrerscheinnummer permisconduire "
    "permisdeconduire licenciaconducir licenciadeconducir patente rijbewijs cartaconducao driverlic",
    k.BIRTH: "dob dateofbirth birthdate birthday birthdt datebirth bday borndate borndt dateborn "
    "geburtsdatum geburtstag gebdatum datenaissance datedenaissance naissance fechanacimiento fechadenacimiento "
    "nacimiento datanascita datadinascita datanascimento datadenascimento geboortedatum fodselsdato fodelsedatum "
    "dataurodzenia syntymaaika born",
    k.PERSON: "firstname lastname fullname surname givenname givennames familyname middlename maidenname fname lname "
    "mname forename forenames personname customername clientname employeename patientname contactname cardholder "
    "cardholdername accountholder accountholdername holdername ownername membername studentname "
    "teachername doctorname passengername guestname beneficiaryname insuredname applicantname recipientname "
    "sendername signername nameoncard legalname displayname realname prenom prenoms nomfamille nomdefamille "
    "nomcomplet vorname nachname familienname vollername vollstandigername nombre nombres apellido apellidos "
    "nombrecompleto primerapellido segundoapellido nome cognome nomecompleto sobrenome voornaam achternaam fornamn "
    "efternamn fornavn etternavn efternavn imie nazwisko etunimi sukunimi mothermaidenname mothersmaidenname "
    "namefull namefirst namelast firstnm lastnm custname empname firstlast mothersmaiden maiden",
    k.ADDRESS: "address addresses addr address1 address2 addressline addressline1 addressline2 addr1 addr2 "
    "homeaddress streetaddress street streetname streetaddr postaladdress mailingaddress billingaddress "
    "shippingaddress deliveryaddress residentialaddress customeraddress fulladdress residence anschrift adresse "
    "strasse strassenname strassehausnummer straat adres direccion domicilio calle rue adressepostale "
    "indirizzo via endereco morada rua gatuadress osoite addressfull line1address homeaddr",
    k.PASSWORD: "password passwd pwd passwort kennwort contrasena motdepasse passphrase passcode wachtwoord senha "
    "userpassword",
    k.SECRET: "apikey secret secretkey accesskey accesstoken privatekey apitoken authtoken clientsecret token",
}
NATIONAL_WORDS = (
    "nationalid nationalidnumber nationalidentifier nationalidentity nationalidno nationalinsurance "
    "nationalinsurancenumber nationalinsuranceno nationalnumber identitynumber identitycard identityno idcard "
    "idcardnumber idcardno idnumber personalid personalidnumber personalidentifier personalnumber personalcode "
    "personnummer personnr govid governmentid citizenid civilid nin taxid taxnumber tin taxidentificationnumber "
    "steuerid steueridnr steuernummer steueridentifikationsnummer socialinsurance socialinsurancenumber insurancenumber "
    "sozialversicherungsnummer svnr svnummer ahv ahvnummer avs numeroavs numerosecuritesociale nir numeross "
    "securitesociale documentoidentidad cedula numerocedula cedulaidentidad documentnumber ausweisnummer personalausweis "
    "personalausweisnummer identifiantnational"
)
"""Names for any country's number; those of one country stand with its scheme in ``national.py``."""

_TABLE: dict[str, str] = {phrase: kind for kind, text in PHRASES.items() for phrase in text.split()}
_NATIONAL = frozenset(NATIONAL_WORDS.split())


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a column's name, in lower case and without accents."""
    flat = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    flat = "".join(one for one in flat if not unicodedata.combining(one))
    return tuple(word for word in _OTHER.split(_CAMEL.sub("_", flat).lower()) if word)


@lru_cache(maxsize=4096)
def joins(name: str) -> frozenset[str]:
    """All neighbouring words of a name, joined."""
    parts = words(name)
    spans = [(i, j) for i in range(len(parts)) for j in range(i + 1, min(len(parts), i + _LONGEST) + 1)]
    return frozenset("".join(parts[i:j]) for i, j in spans)


@lru_cache(maxsize=4096)
def named_kinds(name: str) -> frozenset[str]:
    """The kinds that a column's name speaks of; empty when another word makes it something else."""
    said, parts = joins(name), set(words(name))
    found = {_TABLE[phrase] for phrase in said if phrase in _TABLE}
    if said & _NATIONAL:
        found.add(k.NATIONAL)
    if parts & (_NOT - _DATES if k.BIRTH in found else _NOT):
        return frozenset()
    if found & {k.EMAIL, k.IP, k.MAC} or parts & {"web", "url", "wallet", "memory", "bitcoin"}:
        found.discard(k.ADDRESS)
    if k.PASSPORT in found or k.LICENCE in found:
        found -= {k.NATIONAL, k.CARD}
    if k.SSN in found:
        found.discard(k.NATIONAL)
    return frozenset(found)


def is_bare_name(name: str) -> bool:
    """``name`` alone: a person's where the table holds other personal data, else anything's."""
    return words(name) in (("name",), ("names",), ("nom",), ("naam",), ("navn",), ("namn",))


def axis(name: str) -> str | None:
    """``lat`` or ``lon`` for a column of geographic positions."""
    parts = set(words(name))
    if parts & {"lat", "latitude", "breitengrad", "latitud"}:
        return "lat"
    return "lon" if parts & {"lon", "lng", "long", "longitude", "langengrad", "longitud"} else None


def is_national(name: str) -> bool:
    """Whether the name speaks of a national identifier of no particular country."""
    return k.NATIONAL in named_kinds(name)
